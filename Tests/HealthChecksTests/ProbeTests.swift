import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import HealthChecks

@Suite struct ProbeTests {
  private static let start = Moment.testStart.uptime
  private static let key = APIKey("sk-secret")

  private func request(_ step: Probe.Step) -> ProbeRequest? {
    guard case .send(let request) = step else { return nil }
    return request
  }

  private func verdict(_ step: Probe.Step) -> ProbeVerdict? {
    guard case .finish(let verdict) = step else { return nil }
    return verdict
  }

  @Test("every address is tried in its order before the check fails")
  func allAddresses() throws {
    var probe = Probe.of(.at(["10.0.0.5", "10.0.0.6", "fe80::1%eth0"]))
    var asked: [Address] = []
    var step = probe.begin(at: Self.start)
    while let next = request(step) {
      asked.append(next.address)
      step = probe.next(after: .failure(.refused), at: Self.start)
    }
    #expect(asked == ["10.0.0.5", "10.0.0.6", "fe80::1%eth0"].map(Address.of))
    #expect(verdict(step) == ProbeVerdict(condition: .failed("connection refused")))
  }

  @Test("the address that answers is named, and asked all the rest")
  func answeredBy() throws {
    var probe = Probe.of(.at(["10.0.0.5", "10.0.0.6"]))
    var server = CannedServer.typical(.ollama)
    var step = probe.begin(at: Self.start)
    while let next = request(step) {
      let isThere = next.address == .of("10.0.0.6")
      step = probe.next(
        after: isThere ? .success(server.answer(next)) : .failure(.unreachable), at: Self.start)
    }
    #expect(verdict(step)?.answeredBy == .of("10.0.0.6"))
    #expect(verdict(step)?.findings?.type == .ollama)
  }

  @Test(
    "no address takes the others' time, and all together keep to the timeout", arguments: 1...40)
  func limits(count: Int) throws {
    let addresses = (1...count).map { "10.0.0.\($0)" }
    var probe = Probe.of(.at(addresses))
    var now = Self.start
    var asked = 0
    var step = probe.begin(at: now)
    while let next = request(step) {
      asked += 1
      #expect(next.limits.connecting <= next.limits.total)
      #expect(next.limits.connecting > .zero)
      now = now.advanced(by: asked % 2 == 0 ? next.limits.connecting : next.limits.total)
      step = probe.next(after: .failure(.timedOut), at: now)
    }
    #expect(asked == count)
    #expect(Self.start.duration(to: now) <= .seconds(5))
    #expect(verdict(step)?.condition == .failed("timed out after 5 s"))
  }

  @Test("a server that hangs after the first answer has failed, at the timeout")
  func hangsLater() throws {
    var probe = Probe.of(.at(["10.0.0.5", "10.0.0.6"]), timeout: .milliseconds(2500))
    _ = probe.begin(at: Self.start)
    let later = Self.start.advanced(by: .seconds(1))
    let next = request(
      probe.next(after: .success(ProbeResponse(status: 404, latency: .zero)), at: later))
    #expect(next?.limits.total == .milliseconds(1500))
    let end = probe.next(after: .failure(.timedOut), at: later.advanced(by: .milliseconds(1500)))
    #expect(verdict(end)?.condition == .failed("timed out after 2.5 s"))
    #expect(verdict(end)?.answeredBy == .of("10.0.0.5"))
    #expect(verdict(end)?.findings == nil)
  }

  @Test("answers so slow that the time is over end the check without another request")
  func timeIsOver() throws {
    var probe = Probe.of(.at())
    _ = probe.begin(at: Self.start)
    let end = probe.next(
      after: .success(ProbeResponse(status: 404, latency: .zero)),
      at: Self.start.advanced(by: .seconds(5)))
    #expect(verdict(end)?.condition == .failed("timed out after 5 s"))
  }

  @Test("one answer over the limit is passed over, two end the check")
  func tooLarge() throws {
    var probe = Probe.of(.at(["10.0.0.5", "10.0.0.6"]))
    _ = probe.begin(at: Self.start)
    let next = probe.next(after: .failure(.bodyTooLarge), at: Self.start)
    #expect(request(next)?.address == .of("10.0.0.5"))
    let end = probe.next(after: .failure(.bodyTooLarge), at: Self.start)
    #expect(verdict(end)?.condition == .failed("answer over 1 MiB"))
    var known = Probe.of(.at(), known: Findings(type: .vllm))
    _ = known.begin(at: Self.start)
    let once = known.next(after: .failure(.bodyTooLarge), at: Self.start)
    #expect(verdict(once)?.condition == .failed("answer over 1 MiB"))
  }

  @Test(
    "why there is no answer is a short sentence",
    arguments: [
      (ProbeError.refused, "connection refused"), (.unreachable, "no route to host"),
      (.timedOut, "timed out after 5 s"),
      (.tls("certificate has expired"), "TLS: certificate has expired"),
      (.notHTTP, "the answer is not HTTP"), (.headersTooLarge, "headers over 16 KiB"),
      (.closed, "connection closed before the answer was complete"),
      (.other("no such interface"), "no such interface"),
    ])
  func sentences(error: ProbeError, sentence: String) {
    var probe = Probe.of(.at())
    _ = probe.begin(at: Self.start)
    let end = probe.next(after: .failure(error), at: Self.start)
    #expect(verdict(end)?.sentence == sentence)
    #expect(verdict(end)?.outcome == .failure)
  }

  @Test("of several troubles the first that is no silence is told")
  func mostTelling() {
    var probe = Probe.of(.at(["10.0.0.5", "10.0.0.6", "10.0.0.7"]))
    _ = probe.begin(at: Self.start)
    _ = probe.next(after: .failure(.timedOut), at: Self.start)
    _ = probe.next(after: .failure(.refused), at: Self.start)
    let end = probe.next(after: .failure(.unreachable), at: Self.start)
    #expect(verdict(end)?.sentence == "connection refused")
  }

  @Test("a cancelled check asks no further address")
  func cancelled() {
    var probe = Probe.of(.at(["10.0.0.5", "10.0.0.6"]))
    _ = probe.begin(at: Self.start)
    let end = probe.next(after: .failure(.cancelled), at: Self.start)
    #expect(verdict(end)?.sentence == "cancelled")
  }

  @Test("a name without an address cannot be checked")
  func noAddress() {
    var probe = Probe.of(.at([], host: "gpu9.local"))
    #expect(
      verdict(probe.begin(at: Self.start))?.sentence == "no address is known for gpu9.local")
  }

  // MARK: - What goes out

  @Test(
    "the Host header is the URL's host, without a zone",
    arguments: [
      (Backend.at(["10.0.0.5"]), "10.0.0.5:8080"), (.at(["10.0.0.5"], port: 80), "10.0.0.5"),
      (.at(["fe80::1%eth0"]), "[fe80::1]:8080"),
      (.at(["10.0.0.5"], host: "gpu1.lan", port: 443, own: 1, scheme: .https), "gpu1.lan"),
      (.at(["10.0.0.5"], host: "gpu1.lan", port: 80, own: 1, scheme: .https), "gpu1.lan:80"),
    ])
  func hostHeader(backend: Backend, header: String) {
    var probe = Probe.of(backend)
    let first = request(probe.begin(at: Self.start))
    #expect(first?.hostHeader == header)
    #expect(first?.limits.body == 1 << 20)
    #expect(first?.limits.headers == 16 << 10)
  }

  @Test("a key goes to the addresses of an administrator's URL and to no other")
  func keys() {
    let access = ProbeAccess(key: Self.key)
    var configured = Probe.of(.at(["10.0.0.5", "10.0.0.66"], own: 1), access: access)
    let first = request(configured.begin(at: Self.start))
    #expect(first?.access.key == Self.key)
    let end = configured.next(after: .failure(.refused), at: Self.start)
    #expect(verdict(end) != nil)
    var network = Probe.of(.at(["10.0.0.66"], host: "gpu1.local", own: 0), access: access)
    #expect(request(network.begin(at: Self.start))?.access.key == nil)
  }

  @Test("a key shows itself to nobody who prints it")
  func hidden() throws {
    let key = try #require(Self.key)
    for text in ["\(key)", String(reflecting: key), "\(ProbeAccess(key: key))"] {
      #expect(!text.contains("secret"))
    }
    var dumped = ""
    dump(ProbeAccess(key: key), to: &dumped)
    #expect(!dumped.contains("secret"))
    #expect(APIKey("") == nil)
    #expect(APIKey("a\r\nHost: evil") == nil)
  }

  @Test(
    "what stands before the API's own path is the server's root",
    arguments: [
      ("", "", "/v1"), ("/v1", "", "/v1"), ("/api", "", "/v1"),
      ("/ollama", "/ollama", "/ollama/v1"),
      ("/a/v1", "/a", "/a/v1"), ("/a/api", "/a", "/a/v1"), ("/v1beta", "/v1beta", "/v1beta/v1"),
    ])
  func paths(apiPath: String, root: String, openAI: String) {
    let paths = ProbePaths(apiPath: apiPath)
    #expect(paths.root == root)
    #expect(paths.openAI == openAI)
  }
}
