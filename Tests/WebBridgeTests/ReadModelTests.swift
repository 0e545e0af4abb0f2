import APIModel
import DiscoveryCore
import DiscoveryTestKit
import Testing
import WebBridge

struct ReadModelTests {
  @Test("the mirror lists what a plain set would, after any changes", arguments: [1, 2, 3, 4, 5])
  func mirrorProperty(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let mirror = BackendMirror()
    var plain: [BackendID: Backend] = [:]
    mirror.reset(to: RegistrySnapshot(revision: 0, backends: []))
    for revision in 1...2000 as ClosedRange<UInt64> {
      let id = Int.random(in: 0..<40, using: &generator)
      let priority = Int.random(in: 1...3, using: &generator)
      let shown = Int.random(in: 0..<4, using: &generator) == 0 ? "same" : nil
      let subject = backend("b\(id)", priority: priority, shownAs: shown)
      let isRemoval = Int.random(in: 0..<3, using: &generator) == 0
      let kind: RegistryChange.Kind = isRemoval ? .removed : .updated
      _ = mirror.apply(RegistryChange(revision: revision, kind: kind, backend: subject))
      plain[subject.id] = isRemoval ? nil : subject
      guard Int.random(in: 0..<10, using: &generator) == 0 else { continue }
      let expected = plain.values.sorted(by: Backend.isListedBefore)
      #expect(mirror.entries.map(\.backend) == expected, "seed \(seed), revision \(revision)")
      #expect(mirror.count == expected.count)
      #expect(
        mirror.find("same")?.backend.id == expected.first { $0.name == "same" }?.id, "seed \(seed)")
      let list = try JSONText.decode(BackendListDocument.self, from: mirror.list().bytes)
      #expect(list.revision == revision)
      #expect(list.backends == expected.map(BackendDocument.init))
      // What follows is done before and after anybody asks for a name.
      guard Int.random(in: 0..<5, using: &generator) == 0 else { continue }
      mirror.reset(to: RegistrySnapshot(revision: revision, backends: expected))
    }
  }

  @Test("backends that come and go leave nothing behind, although nobody lists")
  func mirrorForgets() {
    struct Reference {
      weak var entry: BackendMirror.Entry?
    }
    let mirror = BackendMirror()
    var references: [Reference] = []
    for round in 0..<1000 as Range<UInt64> {
      let subject = backend("b\(round % 10)")
      references.append(
        Reference(
          entry: mirror.apply(
            RegistryChange(revision: 2 * round + 1, kind: .added, backend: subject))))
      _ = mirror.apply(RegistryChange(revision: 2 * round + 2, kind: .removed, backend: subject))
    }
    #expect(mirror.count == 0)
    #expect(references.count { $0.entry != nil } < 100)
  }

  @Test("the ring gives each event once, in order, or says that it is lost")
  func ring() {
    var limits = EventRing.Limits()
    limits.count = 3
    limits.bytes = 100
    var ring = EventRing(limits: limits)
    ring.reset(to: 10)
    #expect(ring.next(after: 10) == .upToDate)
    #expect(ring.next(after: 9) == .lost)
    #expect(ring.next(after: 11) == .lost)
    for revision in 11...15 as ClosedRange<UInt64> {
      ring.append([UInt8(revision)], revision: revision)
    }
    #expect(ring.next(after: 11) == .lost)
    #expect(ring.next(after: 12) == .event([13], revision: 13))
    #expect(ring.next(after: 14) == .event([15], revision: 15))
    ring.append(Array(repeating: 0, count: 99), revision: 16)
    #expect(ring.next(after: 13) == .lost)
    #expect(ring.next(after: 14) == .event([15], revision: 15))
    ring.append([20], revision: 20)
    #expect(ring.next(after: 16) == .lost)
    #expect(ring.next(after: 19) == .event([20], revision: 20))
    ring.append(Array(repeating: 0, count: 101), revision: 21)
    #expect(ring.next(after: 20) == .lost)
    #expect(ring.next(after: 21) == .upToDate)
  }

  @Test("without readers nothing is kept, and for a while after the last one left it is")
  func retention() {
    let model = newModel()
    func publish(_ revision: UInt64, at now: Moment) {
      model.apply(
        changes([RegistryChange(revision: revision, kind: .added, backend: backend("x"))]), at: now)
    }
    func isKept(after revision: UInt64) -> Bool {
      var cursor: UInt64? = revision
      guard case .event(let segments) = model.nextEvent(after: &cursor) else { return false }
      return segments.count == 1
    }
    publish(1, at: noon)
    #expect(!isKept(after: 0))
    model.addReader()
    publish(2, at: noon)
    #expect(isKept(after: 1))
    model.removeReader(at: noon)
    publish(3, at: noon.advanced(by: ReadModel.retention - .seconds(1)))
    #expect(isKept(after: 1) && isKept(after: 2))
    publish(4, at: noon.advanced(by: ReadModel.retention))
    #expect(!isKept(after: 3))
  }

  @Test("what was made for clients can be forgotten: the next gets the same")
  func forgetting() {
    let model = newModel()
    model.addReader()
    let added = RegistryChange(revision: 1, kind: .added, backend: backend("x"))
    model.apply(changes([added]), at: noon)
    let list = model.backends.list().bytes
    model.removeReader(at: noon)
    model.forgetEncoded()
    var cursor: UInt64? = 0
    var parts = 0
    if case .event(let segments) = model.nextEvent(after: &cursor) { parts = segments.count }
    // A snapshot comes in three.
    #expect(parts == 3)
    #expect(model.backends.list().bytes == list)
  }

  @Test("status counts backends and shows sources")
  func status() {
    let model = newModel()
    var going = backend("c")
    going.expiresAt = noon.wall
    let source = SourceStatus(
      source: .mdns, state: .down, since: noon.wall, lastError: "no Avahi", reconnects: 2,
      sightings: 3)
    model.apply(
      RegistryUpdate(
        content: .snapshot(
          RegistrySnapshot(
            revision: 9,
            backends: [
              backend("a", status: .healthy), backend("b", status: .unhealthy), going,
            ])), sources: [source], skipped: [.portZero: 2, .knownAsStatic: 1]), at: noon)
    let status = model.status(at: noon.advanced(by: .milliseconds(1500)))
    #expect(
      status.backends
        == .init(total: 3, healthy: 1, unhealthy: 1, unknown: 1, disappeared: 1))
    #expect(status.uptimeSeconds == 1.5 && status.revision == 9 && !status.isReady)
    #expect(status.sources == [SourceDocument(source)])
    #expect(status.skipped == ["port_zero": 2, "known_as_static": 1])
  }

  @Test(
    "filters combine, and their values are alternatives",
    arguments: [
      ("", ["a", "b", "c"]), ("type=&status=&source=&model=", ["a", "b", "c"]),
      ("type=ollama", ["a", "c"]), ("type=vllm,LM%20Studio&type=Ollama", ["a", "b", "c"]),
      ("status=healthy", ["b"]), ("source=static", ["c"]), ("source=mdns", ["a", "b", "c"]),
      ("model=llama3:8b", ["a", "c"]), ("model=llama3%3A8b&type=ollama&source=static", ["c"]),
      ("model=nothing", []),
    ])
  func filters(query: String, expected: [String]) throws {
    let all = [
      backend("a", models: ["llama3:8b"]),
      backend("b", type: .vllm, status: .healthy, models: ["qwen"]),
      backend("c", sources: [.static, .mdns], models: ["llama3:8b", "qwen"]),
    ]
    let filter = try BackendFilter(query: query)
    #expect(all.filter(filter.admits).map(\.name) == expected)
  }

  @Test(
    "a query that is no filter says why",
    arguments: [
      ("name=x", "there is no filter \"name\"; there are type, status, source and model"),
      ("status=up", "\"up\" is no status; there are unknown, healthy, unhealthy"),
      ("type=%f", "the query is not properly percent-encoded"),
    ])
  func badFilters(query: String, message: String) {
    #expect {
      try BackendFilter(query: query)
    } throws: { error in
      (error as? BackendFilter.Problem)?.message == message
    }
  }
}
