import DiscoveryTestKit
import Testing

@testable import DiscoveryCore

@Suite struct MatchKeyTests {
  @Test("a network cannot choose addresses and ports so that their keys collide")
  func chosenPorts() {
    let keys = (1...200).map { port in
      MatchKey(
        Address(ipv6High: 0xFD00 << 48, low: 1 << 50 - UInt64(port) << 32), port: UInt16(port),
        scheme: .http)
    }
    #expect(Set(keys.map(\.indexHash)).count > 190)
  }

  @Test("the same address on other interfaces has another hash")
  func zones() {
    let keys = (0..<200).map { number in
      MatchKey(.of("fe80::1%eth\(number)"), port: 1, scheme: .http)
    }
    #expect(Set(keys.map(\.indexHash)).count > 190)
  }

  @Test("servers that share one of several zoned addresses are one, whatever else is known")
  func zonedMerge() {
    for others in 0..<60 {
      var state = RegistryState(network: .oneInterface)
      for number in 0..<others {
        let url = "http://f\(number).local:80"
        _ = state.apply(.serviceFound(.configured("f", url)), from: .static, at: .testStart)
      }
      let events: [DiscoveryEvent] = [
        .serviceFound(zoned("a", ["fe80::1%eth0"], on: "eth0")),
        .serviceFound(zoned("b", ["fe80::1%eth1"], on: "eth1")),
        .serviceFound(zoned("a", ["10.0.0.7", "fe80::1%eth1"], on: "eth1")),
      ]
      for event in events { _ = state.apply(event, from: .mdns, at: .testStart) }
      #expect(state.backendCount == others + 1)
    }
  }

  private func zoned(_ name: String, _ addresses: [String], on interface: String) -> Sighting {
    .mdns(name, at: addresses, host: "\(name).local", interface: interface, family: .ipv6)
  }
}
