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
    #expect(Set(keys.map(\.hash)).count > 190)
  }

  @Test("the same address on other interfaces has another hash")
  func zones() {
    let keys = (0..<200).map { number in
      MatchKey(.of("fe80::1%eth\(number)"), port: 1, scheme: .http)
    }
    #expect(Set(keys.map(\.hash)).count > 190)
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

  @Test("a claim has the keys of all its sightings", arguments: [1, 8, 64])
  func manySightings(_ count: Int) {
    let held = Few(
      (0..<count).map { number in
        let first = UInt32(0x0A00_0000 + 32 * number)
        var sighting = Sighting.mdns(interface: "eth\(number)")
        sighting.addresses = (first..<first + 32).map { Address(ipv4: $0) }
        return Claim.Held(sighting: sighting, lastSeen: .testStart)
      })
    // Each has the one of the instance too.
    #expect(Set(held.keys).count == 32 * count + 1)
    #expect(held.keys.count <= 33 * count)
  }

  @Test("a server leaves no key behind, however often its sightings name the same")
  func manyTimesTheSame() {
    var bench = Bench()
    let addresses = (1...32).map { "10.0.1.\($0)" }
    for round in 0..<3 {
      for number in 0..<8 {
        bench.find(.mdns("a", at: addresses, interface: "eth\(number)", family: .ipv4))
        bench.find(
          .mdns(
            "a", port: UInt16(80 + round), at: Array(addresses.dropFirst(number)),
            interface: "eth\(number)", family: .ipv6))
      }
      let keys = bench.state.claims.indices.flatMap { bench.state.claims[$0].keys }
      #expect(keys.count > Set(keys).count)
      #expect(bench.state.entriesByLeaderKey.count == Set(keys).count)
    }
    for number in 0..<8 {
      for family in [Address.Family.ipv4, .ipv6] {
        bench.lose(.mdns("a", interface: "eth\(number)", family: family))
      }
    }
    _ = bench.wait(.seconds(60))
    #expect(bench.backends.isEmpty)
    #expect(bench.state.entriesByLeaderKey.count == 0)
  }

  private func zoned(_ name: String, _ addresses: [String], on interface: String) -> Sighting {
    .mdns(name, at: addresses, host: "\(name).local", interface: interface, family: .ipv6)
  }
}
