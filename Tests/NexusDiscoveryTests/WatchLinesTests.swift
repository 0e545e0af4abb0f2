import APIModel
import ConsoleBridge
import DiscoveryCore
import Testing

@testable import nexus_discovery

@Suite("lines of watch")
struct WatchLinesTests {
  private func bytes(_ document: some Encodable) throws -> [UInt8] {
    try JSONText.encode(document)
  }

  private func snapshot(_ revision: UInt64, _ backends: [BackendDocument]) throws -> [UInt8] {
    try bytes(BackendListDocument(revision: revision, backends: backends))
  }

  private struct Line: JSONReadable {
    let event: String
    let revision: UInt64
    let backend: BackendDocument

    init(_ json: JSON) throws(JSONMismatch) {
      event = try json.text("event")
      revision = try json.unsignedInteger("revision")
      guard let backend = json["backend"] else { throw JSON.mismatch("backend", "there") }
      self.backend = try BackendDocument(backend)
    }
  }

  @Test("JSON Lines have one shape: present ones first, then changes")
  func json() throws {
    var lines = WatchLines(form: .json)
    let one = BackendDocument.example("größe\n😀 \u{202E}")
    let two = BackendDocument.example("two")
    var told = try lines.lines(
      event: "snapshot", id: "7", data: snapshot(7, [one, two]), now: FixedClock.time)
    told += try lines.lines(event: "removed", id: "8", data: bytes(two), now: FixedClock.time)
    let decoded = try told.map { try JSONText.decode(Line.self, from: Array($0.utf8)) }
    #expect(decoded.map(\.event) == ["present", "present", "removed"])
    #expect(decoded.map(\.revision) == [7, 7, 8])
    #expect(decoded.map(\.backend) == [one, two, two])
    #expect(told.allSatisfy { !$0.contains("\n") && !$0.contains("\u{202E}") })
    #expect(told[0].hasPrefix("{\"event\":\"present\",\"revision\":7,\"backend\":{"))
  }

  @Test("what a newer daemon says more reaches scripts as it came")
  func newer() throws {
    var lines = WatchLines(form: .json)
    let known = String(decoding: try bytes(BackendDocument.example()), as: UTF8.self)
    let more = "{\"a_new_key\": [1.50, \"},]\\\"\"], \(known.dropFirst())"
    let told = try lines.lines(
      event: "added", id: "3", data: Array(more.utf8), now: FixedClock.time)
    #expect(told == ["{\"event\":\"added\",\"revision\":3,\"backend\":\(more)}"])
    #expect(try lines.lines(event: "mystery", id: "4", data: [], now: FixedClock.time) == [])
  }

  @Test("a later snapshot is told as the changes that lead to it")
  func resync() throws {
    var lines = WatchLines(form: .json)
    let (same, gone, new) = (
      BackendDocument.example("same"), BackendDocument.example("gone"),
      BackendDocument.example("new")
    )
    let before = BackendDocument.example("changed")
    var after = before
    after.port = 80
    _ = try lines.lines(
      event: "snapshot", id: nil, data: snapshot(1, [same, gone, before]), now: FixedClock.time)
    let told = try lines.lines(
      event: "snapshot", id: nil, data: snapshot(9, [same, after, new]), now: FixedClock.time)
    let decoded = try told.map { try JSONText.decode(Line.self, from: Array($0.utf8)) }
    #expect(decoded.map(\.event) == ["removed", "updated", "added"])
    #expect(decoded.map(\.backend) == [gone, after, new])
    #expect(decoded.allSatisfy { $0.revision == 9 })
  }

  @Test("people see time, event, name and URL, aligned")
  func text() throws {
    var lines = WatchLines(form: .text(width: 80, styled: false))
    let now = FixedClock.time
    let present = try lines.lines(
      event: "snapshot", id: "1", data: snapshot(1, [.example(), .example("größe 😀")]), now: now)
    let clock = LocalTime.clock(now)
    #expect(
      present == [
        "\(clock)  present      gpu-box-02        http://10.0.0.5:11434  ollama",
        "\(clock)  present      größe 😀          http://10.0.0.5:11434  ollama",
      ])
    let gone = BackendDocument.example {
      $0.status = .unknown
      $0.expiresAt = now.advanced(by: .seconds(60))
    }
    #expect(
      try lines.lines(event: "disappeared", id: "2", data: bytes(gone), now: now)
        == ["\(clock)  disappeared  gpu-box-02        http://10.0.0.5:11434  60s left"])
    let ill = BackendDocument.example {
      $0.status = .unhealthy
      $0.lastCheck = HealthReport(at: now, latency: nil, error: "timed out")
    }
    #expect(
      try lines.lines(event: "status", id: "3", data: bytes(ill), now: now)
        == ["\(clock)  unhealthy    gpu-box-02        http://10.0.0.5:11434  timed out"])
  }

  @Test("people see how fast a healthy backend answered, what is odd about it, and how many models")
  func healthText() throws {
    var lines = WatchLines(form: .text(width: nil, styled: false))
    let now = FixedClock.time
    let well = BackendDocument.example {
      $0.models = ["llama3:8b"]
      $0.lastCheck = HealthReport(at: now, latency: .microseconds(3184), error: nil)
    }
    let odd = BackendDocument.example {
      $0.models = ["llama3:8b", "qwen2:7b"]
      $0.lastCheck = HealthReport(at: now, latency: .milliseconds(1234), error: "needs a key")
    }
    let start = "\(LocalTime.clock(now))  "
    let end = "  http://10.0.0.5:11434  "
    for (event, backend, expected) in [
      ("status", well, "healthy      gpu-box-02      \(end)3.2 ms"),
      ("status", odd, "healthy      gpu-box-02      \(end)1234.0 ms, needs a key"),
      ("added", well, "added        gpu-box-02      \(end)ollama, 1 model"),
      ("updated", odd, "updated      gpu-box-02      \(end)ollama, 2 models"),
    ] {
      let told = try lines.lines(event: event, id: "1", data: bytes(backend), now: now)
      #expect(told == [start + expected])
    }
  }

  @Test("a later snapshot tells of no check that found nothing new")
  func quietResync() throws {
    let later = FixedClock.time.advanced(by: .seconds(30))
    let checked = BackendDocument.example {
      // As after a restart of the daemon.
      $0.firstSeen = later
      $0.lastSeen = later
      $0.lastCheck = HealthReport(at: later, latency: .milliseconds(4), error: nil)
    }
    var ill = checked
    (ill.status, ill.lastError) = ("unhealthy", "connection refused")
    for (after, expected) in [(checked, []), (ill, ["status"])] {
      var lines = WatchLines(form: .json)
      _ = try lines.lines(
        event: "snapshot", id: nil, data: snapshot(1, [.example()]), now: FixedClock.time)
      let told = try lines.lines(event: "snapshot", id: nil, data: snapshot(9, [after]), now: later)
      let events = try told.map { try JSONText.decode(Line.self, from: Array($0.utf8)).event }
      #expect(events == expected)
    }
    var lines = WatchLines(form: .json)
    _ = try lines.lines(
      event: "snapshot", id: nil, data: snapshot(1, [.example()]), now: FixedClock.time)
    let known = String(decoding: try snapshot(9, [.example()]), as: UTF8.self)
    let newer = known.replacing("\"addresses\"", with: "\"a_new_key\":1,\"addresses\"")
    let told = try lines.lines(
      event: "snapshot", id: nil, data: Array(newer.utf8), now: FixedClock.time)
    #expect(told.count == 1 && told[0].contains("\"event\":\"updated\""))
  }

  @Test("no line is wider than the terminal or spans two", arguments: [10, 20, 40, 80, 120])
  func narrow(width: Int) throws {
    for isStyled in [false, true] {
      var lines = WatchLines(form: .text(width: width, styled: isStyled))
      let told = try lines.lines(
        event: "snapshot", id: "1", data: snapshot(1, TableTests.backends), now: FixedClock.time)
      let changed = try lines.lines(
        event: "added", id: "2", data: bytes(TableTests.backends[2]), now: FixedClock.time)
      #expect(told.count == TableTests.backends.count)
      for line in told + changed {
        let bare = line.replacing(/\u{1B}\[[0-9]+m/, with: "")
        #expect(DisplayWidth.of(bare) <= width)
        #expect(!bare.unicodeScalars.contains { $0.properties.generalCategory == .control })
      }
    }
  }
}
