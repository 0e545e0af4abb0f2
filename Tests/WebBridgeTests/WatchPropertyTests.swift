import APIModel
import DiscoveryCore
import DiscoveryTestKit
import Testing
import WebBridge

/// What was told at each revision: the reference that every reader is held to.
private struct History {
  /// The version of each backend by its name.
  typealias Backends = [String: String]

  private(set) var revision: UInt64 = 1000
  private(set) var sets: [UInt64: Backends] = [1000: [:]]
  private(set) var kinds: [UInt64: RegistryChange.Kind] = [:]

  var current: Backends { sets[revision] ?? [:] }

  mutating func change(using generator: inout SeededGenerator) -> RegistryChange {
    let name = "b\(Int.random(in: 0..<12, using: &generator))"
    var set = current
    revision += 1
    let kind: RegistryChange.Kind =
      set[name] == nil ? .added : generator.chance(30) ? .removed : .updated
    let subject = WebBridgeTests.backend(name, version: "\(revision)")
    set[name] = kind == .removed ? nil : subject.version
    sets[revision] = set
    kinds[revision] = kind
    return RegistryChange(revision: revision, kind: kind, backend: subject)
  }

  /// All of it, as the registry has it for who fell behind.
  var snapshot: RegistrySnapshot {
    RegistrySnapshot(
      revision: revision,
      backends: current.map { WebBridgeTests.backend($0.key, version: $0.value) }
        .sorted(by: Backend.isListedBefore))
  }
}

/// A client of the stream that reads when it likes and comes back as it likes.
private struct Reader {
  private(set) var revision: UInt64?
  private(set) var backends = History.Backends()
  private(set) var snapshots = 0
  private(set) var refusals = 0
  private(set) var cuts = 0
  private var connection: HTTPConnection?
  private var isCounted = false
  private var response = ResponseParser()
  private var events = ServerSentEventParser()

  var isConnected: Bool { connection != nil }

  mutating func connect(after id: String?, _ model: ReadModel, at now: Moment) {
    var connection = HTTPConnection(limits: .init(), by: .local(mayChange: false), at: now)
    let resume = id.map { "Last-Event-ID: \($0)\r\n" } ?? ""
    connection.receive(
      Array("GET /v1/watch HTTP/1.1\r\nHost: x\r\n\(resume)\r\n".utf8), at: now)
    isCounted = connection.advance(model, at: now).contains(.startedWatching)
    if isCounted { model.addReader() }
    self.connection = connection
    (response, events) = (ResponseParser(), ServerSentEventParser())
  }

  mutating func disconnect(_ model: ReadModel, at now: Moment) {
    connection = nil
    if isCounted { model.removeReader(at: now) }
    isCounted = false
  }

  /// Goes back to what it knew at an earlier revision, as from a file.
  mutating func recall(_ earlier: UInt64, _ history: History) {
    revision = earlier
    backends = history.sets[earlier] ?? [:]
  }

  /// Reads `count` bytes at most; says what is wrong with them.
  mutating func read(
    _ count: Int, _ model: ReadModel, _ history: History, at now: Moment
  ) throws -> String? {
    guard var open = connection else { return nil }
    var buffer = [UInt8](repeating: 0, count: count)
    let taken = buffer.withUnsafeMutableBytes { open.take(into: $0, from: model) }
    connection = open
    try response.append(buffer[..<taken])
    if let head = response.head, head.status != 200 {
      refusals += 1
      disconnect(model, at: now)
      return head.status == 503 ? nil : "status \(head.status)"
    }
    for event in events.append(response.takeBody()) {
      if let problem = try take(event, history) { return problem }
    }
    if open.isOver {
      cuts += 1
      disconnect(model, at: now)
    }
    return nil
  }

  private mutating func take(_ event: ServerSentEvent, _ history: History) throws -> String? {
    guard let id = event.id.flatMap(UInt64.init) else { return "no id" }
    if event.name == "snapshot" {
      let list = try JSONText.decode(BackendListDocument.self, from: Array(event.data.utf8))
      backends = Dictionary(uniqueKeysWithValues: list.backends.map { ($0.name, $0.version ?? "") })
      snapshots += 1
      guard id == list.revision else { return "a snapshot of \(list.revision) called \(id)" }
    } else {
      let backend = try JSONText.decode(BackendDocument.self, from: Array(event.data.utf8))
      backends[backend.name] = event.name == "removed" ? nil : backend.version
      guard id == revision.map({ $0 + 1 }) else {
        return "\(id) after \(revision.map(String.init(describing:)) ?? "nothing")"
      }
      guard event.name == history.kinds[id]?.rawValue else { return "\(event.name) at \(id)" }
    }
    revision = id
    return backends == history.sets[id] ? nil : "another set at \(id)"
  }
}

struct WatchPropertyTests {
  @Test(
    "whatever readers do, each gets every revision in order or a snapshot, and all end the same",
    arguments: 1...8 as ClosedRange<UInt64>)
  func readers(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var ring = EventRing.Limits()
    ring.count = 24
    ring.bytes = 12_000
    let model = newModel(ring: ring, lists: 6000)
    var history = History()
    var now = noon
    model.apply(RegistryUpdate(content: .snapshot(history.snapshot), sources: []), at: now)
    var readers = [Reader](repeating: Reader(), count: 3)

    func step(_ index: Int) throws {
      guard readers[index].isConnected else {
        guard generator.chance(40) else { return }
        // As it was left, as it was before that, as nobody was, or as a new one.
        let choice = Int.random(in: 0..<10, using: &generator)
        if choice == 0, let known = readers[index].revision, known > 1010 {
          readers[index].recall(known - UInt64.random(in: 1...10, using: &generator), history)
        }
        let id = readers[index].revision.map { choice == 1 ? $0 + 5000 : $0 }
        readers[index].connect(after: choice == 2 ? nil : id.map(String.init), model, at: now)
        return
      }
      if generator.chance(4) { return readers[index].disconnect(model, at: now) }
      guard generator.chance(60 - 25 * index) else { return }
      let count = Int.random(in: 1...6000, using: &generator)
      let problem = try readers[index].read(count, model, history, at: now)
      #expect(problem == nil, "seed \(seed), reader \(index)")
    }

    for _ in 0..<600 {
      now = now.advanced(
        by: generator.chance(1) ? ReadModel.retention + .seconds(10) : .milliseconds(100))
      if generator.chance(50) {
        let update = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
          history.change(using: &generator)
        }
        let isBehind = generator.chance(2)
        model.apply(
          RegistryUpdate(
            content: isBehind ? .snapshot(history.snapshot) : .changes(update), sources: []),
          at: now)
      }
      for index in readers.indices { try step(index) }
    }

    // Whoever reads on gets there: nobody holds lists any more.
    for index in readers.indices {
      for _ in 0..<100 where readers[index].revision != history.revision {
        if !readers[index].isConnected {
          readers[index].connect(after: readers[index].revision.map(String.init), model, at: now)
        }
        let problem = try readers[index].read(100_000, model, history, at: now)
        #expect(problem == nil, "seed \(seed), reader \(index)")
      }
      #expect(readers[index].revision == history.revision, "seed \(seed), reader \(index)")
      #expect(readers[index].backends == history.current, "seed \(seed), reader \(index)")
    }
    #expect(readers.allSatisfy { $0.snapshots > 1 }, "seed \(seed)")
  }

  /// A reader's connection that has taken `count` bytes of its stream.
  private func watcher(
    _ model: ReadModel, after id: UInt64? = nil, reading count: Int
  ) -> (connection: HTTPConnection, text: String) {
    var connection = HTTPConnection(limits: .init(), by: .local(mayChange: false), at: noon)
    let resume = id.map { "Last-Event-ID: \($0)\r\n" } ?? ""
    connection.receive(Array("GET /v1/watch HTTP/1.1\r\nHost: x\r\n\(resume)\r\n".utf8), at: noon)
    _ = connection.advance(model, at: noon)
    let text = read(count, from: &connection, model)
    return (connection, text)
  }

  private func read(_ count: Int, from connection: inout HTTPConnection, _ model: ReadModel)
    -> String
  {
    var buffer = [UInt8](repeating: 0, count: count)
    let taken = buffer.withUnsafeMutableBytes { connection.take(into: $0, from: model) }
    return String(decoding: buffer[..<taken], as: UTF8.self)
  }

  @Test(
    "a watcher that needs a snapshot for which there is no room is let go; one that does not, stays"
  )
  func noRoom() {
    var ring = EventRing.Limits()
    ring.count = 4
    let model = newModel(ring: ring, lists: 300_000)
    model.addReader()
    model.apply(snapshot(1, (0..<1000).map { backend("backend-\($0)") }), at: noon)
    var (lost, start) = watcher(model, reading: 1 << 20)
    #expect(start.hasSuffix("]}\n\n"))
    func publish(_ revision: UInt64) {
      model.apply(
        changes([RegistryChange(revision: revision, kind: .updated, backend: backend("x"))]),
        at: noon)
    }
    for revision in 2...5 as ClosedRange<UInt64> { publish(revision) }
    // One that takes its list slowly holds it, and another that is made after the next change.
    let slow = watcher(model, reading: 1000)
    #expect(slow.text.contains("event: snapshot\nid: 5\n"))
    var sharing = watcher(model, reading: 1000).connection
    #expect(!sharing.isOver)
    publish(6)
    #expect(!model.backends.hasRoom)
    let resumed = watcher(model, after: 5, reading: 1 << 20)
    #expect(resumed.text.hasPrefix("HTTP/1.1 200 ") && resumed.text.contains("\nid: 6\n"))
    #expect(watcher(model, reading: 1000).text.hasPrefix("HTTP/1.1 503 "))
    #expect(watcher(model, after: 1, reading: 1000).text.hasPrefix("HTTP/1.1 503 "))

    #expect(read(1 << 20, from: &lost, model) == "")
    #expect(lost.isOver)
    // The list that the two share is held once, and sent to its end.
    #expect(read(1 << 20, from: &sharing, model).contains("]}\n\nevent: updated\nid: 6\n"))
    #expect(!sharing.isOver)
    withExtendedLifetime(slow) {}
  }
}
