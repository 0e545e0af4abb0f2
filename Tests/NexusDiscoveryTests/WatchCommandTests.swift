import APIModel
import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import nexus_discovery

@Suite("watch")
struct WatchCommandTests {
  private static func text(_ document: some Encodable) throws -> String {
    String(decoding: try JSONText.encode(document), as: UTF8.self)
  }

  private static let refused = FakeDaemon.json(
    503, "{\"error\":{\"code\":\"x\",\"message\":\"busy\"}}")
  /// What no daemon says: it ends a watch, as a test needs it.
  private static let end = FakeDaemon.json(
    404, "{\"error\":{\"code\":\"not_found\",\"message\":\"the end\"}}")

  /// Runs watch against a daemon that gives `answers` in turn.
  private func watch(
    _ answers: [String], ready: [String] = [FakeDaemon.json(200, "{}")]
  ) async throws -> (run: ToolRun, heads: [String], waits: [Duration], socket: String) {
    let daemon = try FakeDaemon(inTurn: ["/v1/watch": answers, "/readyz": ready])
    defer { daemon.stop() }
    let clock = RecordingClock()
    let run = await ToolRun(["watch", "--json", "--socket", daemon.socket], clock: clock)
    return (run, daemon.heads, clock.waits, daemon.socket)
  }

  @Test("prints a line per event, and goes on after the last one when the daemon is back")
  func resumes() async throws {
    let one = try Self.text(BackendDocument.example("one"))
    let two = try Self.text(BackendDocument.example("two"))
    let (run, heads, waits, socket) = try await watch([
      FakeDaemon.events([
        ("snapshot", 7, "{\"revision\":7,\"backends\":[\(one)]}"), ("added", 8, two),
      ]), Self.refused, "", "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n",
      FakeDaemon.events([("removed", 9, one)]),
      FakeDaemon.events([("snapshot", 3, "{\"revision\":3,\"backends\":[\(one)]}")]), Self.end,
    ])
    #expect(
      run.output == """
        {"event":"present","revision":7,"backend":\(one)}
        {"event":"added","revision":8,"backend":\(two)}
        {"event":"removed","revision":9,"backend":\(one)}
        {"event":"removed","revision":3,"backend":\(two)}
        {"event":"added","revision":3,"backend":\(one)}

        """)
    let gone = "nexus-discovery: the daemon at \(socket) is gone; waiting for it\n"
    let back = "nexus-discovery: the daemon at \(socket) is back\n"
    #expect(
      run.errors == gone + back + gone + back + gone + back + gone
        + "nexus-discovery: the daemon refused: the end\n")
    #expect(run.status == .failed)
    let resumed = heads.filter { $0.hasPrefix("GET /v1/watch ") }.map { head in
      head.split(separator: "\r\n").first { $0.hasPrefix("Last-Event-ID: ") }?.dropFirst(15) ?? ""
    }
    #expect(resumed == ["", "8", "8", "8", "8", "9", "3"])
    let least: [Duration] = [0.2, 0.4, 0.8, 1.6, 3.2, 5].map { .seconds($0) }
    #expect(waits.count == least.count)
    #expect(zip(waits, least).allSatisfy { ($1...$1 * 2).contains($0) }, "\(waits)")
  }

  @Test("asks for nothing before a daemon that has just begun knows its backends")
  func waitsForReadiness() async throws {
    let one = try Self.text(BackendDocument.example("one"))
    let snapshot = ("snapshot", 7, "{\"revision\":7,\"backends\":[\(one)]}")
    let (run, heads, waits, _) = try await watch(
      [FakeDaemon.events([snapshot]), Self.end],
      ready: [Self.refused, Self.refused, FakeDaemon.json(200, "{}")])
    #expect(run.output == "{\"event\":\"present\",\"revision\":7,\"backend\":\(one)}\n")
    let paths = heads.map { $0.split(separator: " ")[1] }
    #expect(paths == ["/v1/watch", "/readyz", "/readyz", "/readyz", "/v1/watch"])
    #expect(waits.count == 3)
  }

  @Test("does not wait for a daemon that was not there at the start")
  func noStart() async throws {
    let missing = await ToolRun(["watch", "--socket", "/nowhere/api.sock"])
    #expect(missing.status == .noDaemon && missing.output == "")
    #expect(missing.errors.hasPrefix("nexus-discovery: no daemon at /nowhere/api.sock ("))
    let silent = try await watch([""])
    #expect(silent.run.status == .noDaemon)
    #expect(silent.run.errors == "nexus-discovery: the daemon at \(silent.socket) ended\n")
    let busy = try await watch([Self.refused])
    #expect(busy.run.status == .failed)
    #expect(busy.run.errors == "nexus-discovery: the daemon refused: busy\n")
    #expect(silent.waits == [] && busy.waits == [])
  }
}

@Suite("reconnect delays")
struct ReconnectDelayTests {
  @Test(
    "grow from 0.2 s to 10 s, at random, and begin anew once a connection held", arguments: [1, 2])
  func delays(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var delay = ReconnectDelay()
    let waits = (0..<50).map { _ in delay.next(using: &generator) }
    #expect(waits.allSatisfy { (.milliseconds(200)...Duration.seconds(10)).contains($0) })
    #expect(waits[0] < .milliseconds(400))
    #expect(zip(waits.prefix(5), waits.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(waits.dropFirst(6).allSatisfy { $0 >= .seconds(5) })
    #expect(Set(waits).count == waits.count)
    delay.connectionLasted(.seconds(9))
    #expect(delay.next(using: &generator) >= .seconds(5))
    delay.connectionLasted(.seconds(10))
    #expect(delay.next(using: &generator) < .milliseconds(400))
  }
}
