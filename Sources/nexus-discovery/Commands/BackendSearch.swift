import APIModel
import DiscoveryCore

/// Finds the one backend that a person means.
package enum BackendSearch {
  /// The shortest start of an id that is taken for one.
  private static let shortestID = 4

  /// Where in `backends` the one called `text` is: by id, by name as it is or as tables show it, by
  /// name in any case, by the start of its id.
  package static func index(
    of text: String, among backends: [BackendDocument]
  ) throws(CommandFailure) -> Int {
    let lowercase = text.lowercased()
    let ways: [(BackendDocument) -> Bool] = [
      { $0.id == lowercase },
      { $0.name == text || PlainText.cleaned($0.name) == text },
      { $0.name.lowercased() == lowercase },
      { lowercase.utf8.count >= shortestID && $0.id.hasPrefix(lowercase) },
    ]
    for fits in ways {
      let found = backends.indices.filter { fits(backends[$0]) }
      if found.count == 1 { return found[0] }
      if found.count > 1 {
        let ids = found.map { backends[$0].id }.joined(separator: ", ")
        throw CommandFailure("\(found.count) backends are called \"\(text)\"; use an id: \(ids)")
      }
    }
    let near = near(text, among: backends.map(\.name))
    let all = near.dropLast().joined(separator: ", ")
    let hint = near.last.map { "; did you mean \(all.isEmpty ? "" : all + " or ")\($0)?" } ?? ""
    throw CommandFailure("no backend is called \"\(text)\"\(hint)")
  }

  /// Up to three names, quoted, that hold `text` or are nearly it.
  private static func near(_ text: String, among names: [String]) -> [String] {
    let lowercase = text.lowercased()
    let holding = lowercase.count < 2 ? [] : names.filter { $0.lowercased().contains(lowercase) }
    let nearest = NearestName.of(text, among: names).map { [$0] } ?? []
    var seen: Set<String> = []
    return (nearest + holding).filter { seen.insert($0).inserted }.prefix(3).map { "\"\($0)\"" }
  }
}
