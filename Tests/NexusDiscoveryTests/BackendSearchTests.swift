import APIModel
import Testing

@testable import nexus_discovery

@Suite("search for a backend")
struct BackendSearchTests {
  static let backends = [
    "gpu-box-01", "gpu-box-02", "GPU-BOX-02", "größe 😀", "two\nlines", "twin", "twin",
  ]
  .map { BackendDocument.example($0) }

  @Test(
    "finds it by name, by name in any case, by what tables show",
    arguments: [
      ("gpu-box-01", 0), ("GPU-box-01", 0), ("gpu-box-02", 1), ("GPU-BOX-02", 2),
      ("GRÖSSE 😀", nil), ("GRÖßE 😀", 3), ("two\\nlines", 4), ("two\nlines", 4),
    ])
  func byName(text: String, index: Int?) {
    #expect((try? BackendSearch.index(of: text, among: Self.backends)) == index)
  }

  @Test("finds it by id and by the start of its id")
  func byID() throws {
    let id = Self.backends[3].id
    #expect(try BackendSearch.index(of: id.uppercased(), among: Self.backends) == 3)
    #expect(try BackendSearch.index(of: String(id.prefix(8)), among: Self.backends) == 3)
    #expect(throws: CommandFailure.self) {
      try BackendSearch.index(of: String(id.prefix(3)), among: Self.backends)
    }
  }

  @Test("says which are near when none is called so")
  func near() {
    let two = Array(Self.backends.prefix(2))
    #expect(
      throws: CommandFailure(
        "no backend is called \"gpu-bxo-02\"; did you mean \"gpu-box-02\"?")
    ) { try BackendSearch.index(of: "gpu-bxo-02", among: two) }
    #expect(
      throws: CommandFailure(
        "no backend is called \"box\"; did you mean \"gpu-box-01\" or \"gpu-box-02\"?")
    ) { try BackendSearch.index(of: "box", among: two) }
    #expect(throws: CommandFailure("no backend is called \"zzz\"")) {
      try BackendSearch.index(of: "zzz", among: two)
    }
  }

  @Test("asks for an id when several are called so")
  func several() {
    let id = Self.backends[5].id
    #expect(throws: CommandFailure("2 backends are called \"twin\"; use an id: \(id), \(id)")) {
      try BackendSearch.index(of: "twin", among: Self.backends)
    }
  }
}
