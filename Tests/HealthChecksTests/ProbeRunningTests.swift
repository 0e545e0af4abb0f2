import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import HealthChecks

@Suite struct ProbeRunningTests {
  /// Answers from a canned server, and refuses at all other addresses.
  private struct CannedTransport: ProbeTransport {
    let server: CannedServer
    let address: Address

    func send(_ request: ProbeRequest) async -> Result<ProbeResponse, ProbeError> {
      guard request.address == address else { return .failure(.refused) }
      var server = server
      return .success(server.answer(request))
    }
  }

  @Test("a check is carried out request by request")
  func run() async {
    let transport = CannedTransport(server: .typical(.llamacpp), address: .of("fe80::1%eth0"))
    let verdict = await Probe.of(.at(["10.0.0.5", "fe80::1%eth0"]))
      .run(over: transport, clock: ManualClock())
    #expect(verdict.findings?.type == .llamacpp)
    #expect(verdict.answeredBy == .of("fe80::1%eth0"))
    let nowhere = await Probe.of(.at(["10.0.0.5"])).run(over: transport, clock: ManualClock())
    #expect(nowhere.condition == .failed("connection refused"))
  }
}
