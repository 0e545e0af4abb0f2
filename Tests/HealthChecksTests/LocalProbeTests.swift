import DiscoveryCore
import DiscoveryTestKit
import Synchronization
import Testing

@testable import HealthChecks

@Suite("A look at a port of this machine")
struct LocalProbeTests {
  /// A server that listens at some addresses, and remembers what it was asked.
  private final class Listening: ProbeTransport {
    private let server: Mutex<CannedServer>
    private let addresses: [Address]
    /// What other addresses say.
    private let errors: [Address: ProbeError]

    init(_ server: CannedServer, at addresses: [String], errors: [String: ProbeError] = [:]) {
      self.server = Mutex(server)
      self.addresses = addresses.map { Address.of($0) }
      self.errors = Dictionary(uniqueKeysWithValues: errors.map { (Address.of($0), $1) })
    }

    /// Without the connections that were made to see whether something listens.
    var asked: [String] { server.withLock { $0.asked.filter { $0 != "connect" } } }

    func send(_ request: ProbeRequest) async -> Result<ProbeResponse, ProbeError> {
      guard addresses.contains(request.address) else {
        return .failure(errors[request.address] ?? .refused)
      }
      return .success(server.withLock { $0.answer(request) })
    }
  }

  private func look(
    _ transport: Listening, claim: BackendType = .unknown, depth: LocalProbe.Depth = .everything,
    at addresses: [String] = ["10.0.0.1", "fe80::1%eth0"]
  ) async -> LocalVerdict {
    await LocalProbe(port: 8080, claim: claim, depth: depth, timeout: .seconds(5))
      .run(at: addresses.map { Address.of($0) }, over: transport, clock: ManualClock())
  }

  @Test("who answers at an address of the network is well, whichever it is")
  func well() async {
    for address in ["10.0.0.1", "fe80::1%eth0"] {
      let verdict = await look(Listening(.typical(.llamacpp), at: [address, "127.0.0.1"]))
      guard case .well(let findings) = verdict else {
        Issue.record("\(verdict)")
        continue
      }
      #expect(findings.type == .llamacpp)
    }
  }

  @Test("who answers on loopback alone is told from who does not answer at all")
  func loopback() async {
    for address in ["127.0.0.1", "::1"] {
      let verdict = await look(Listening(.typical(.ollama), at: [address]), claim: .ollama)
      guard case .loopbackOnly(let findings) = verdict else {
        Issue.record("\(verdict)")
        continue
      }
      #expect(findings.type == .ollama)
    }
    #expect(await look(Listening(.typical(.ollama), at: [])) == .gone)
  }

  @Test("one address that does not say no leaves all in doubt, and loopback is not asked then")
  func unclear() async {
    for errors in [["10.0.0.1": ProbeError.timedOut], ["fe80::1%eth0": .timedOut]] {
      let busy = Listening(.typical(.ollama), at: ["127.0.0.1"], errors: errors)
      #expect(await look(busy) == .failing("timed out"))
      #expect(busy.asked == [])
    }
  }

  @Test("of a server for IPv4 nothing is said while the network has IPv6 alone")
  func halfNetwork() async {
    let server = Listening(.typical(.ollama), at: ["127.0.0.1"])
    let verdict = await look(server, at: ["fe80::1%eth0"])
    #expect(verdict == .failing("it listens on IPv4, of which this machine has no address now"))
  }

  @Test("another kind of server is different; one that wants a key, or need not tell, is well")
  func claims() async {
    let vllm = await look(Listening(.typical(.vllm), at: ["10.0.0.1"]), claim: .ollama)
    #expect(vllm == .different("answers as vllm, not as ollama"))
    let web = await look(Listening(CannedServer([:]), at: ["10.0.0.1"]), claim: .ollama)
    #expect(web == .different("answers, but not as ollama does"))
    let some = await look(Listening(CannedServer([:]), at: ["10.0.0.1"]), claim: .unknown)
    #expect(some == .well(Findings()))
    let lmserv = Listening(CannedServer([:]), at: ["10.0.0.1"])
    #expect(await look(lmserv, claim: .lmserv) == .well(Findings()))
    #expect(lmserv.asked == [])
    let keyed = CannedServer([:], refusing: ["/v1/models"])
    guard case .well = await look(Listening(keyed, at: ["10.0.0.1"]), claim: .vllm) else {
      Issue.record("it is alive")
      return
    }
  }

  @Test("a type that was found before is asked for first, its version included")
  func again() async {
    let ollama = Listening(.typical(.ollama), at: ["10.0.0.1"])
    guard case .well(let findings) = await look(ollama, depth: .stillIs(.ollama)) else {
      Issue.record("it is there")
      return
    }
    #expect(findings.type == .ollama && findings.version != nil && findings.models != nil)
    #expect(ollama.asked == ["/", "/api/version", "/api/tags"])
    let other = await look(
      Listening(.typical(.localai), at: ["10.0.0.1"]), depth: .stillIs(.llamacpp))
    guard case .well(let found) = other else {
      Issue.record("\(other)")
      return
    }
    #expect(found.type == .localai)
  }

  @Test("a server that is of no use is not asked anything")
  func connection() async {
    let web = Listening(CannedServer([:]), at: ["10.0.0.1"])
    #expect(await look(web, depth: .connection) == .unchanged)
    #expect(web.asked == [])
    #expect(await look(Listening(CannedServer([:]), at: []), depth: .connection) == .gone)
  }
}
