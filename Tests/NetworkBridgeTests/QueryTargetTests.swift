import DiscoveryCore
import NetworkBridge
import Testing

@Suite("Where questions are put")
struct QueryTargetTests {
  private func interface(
    _ name: String, _ index: UInt32, _ addresses: [String], isLoopback: Bool = false,
    isMulticast: Bool = true, isPointToPoint: Bool = false
  ) -> LocalNetwork.Interface {
    LocalNetwork.Interface(
      name: name, index: index, isLoopback: isLoopback, isMulticast: isMulticast,
      isPointToPoint: isPointToPoint, addresses: addresses.compactMap { AddressBlock($0) })
  }

  private var network: LocalNetwork {
    LocalNetwork(interfaces: [
      interface("lo", 1, ["127.0.0.1/8", "::1/128"], isLoopback: true),
      interface("eth0", 2, ["10.0.0.5/24", "fe80::5/64"]),
      interface("eth1", 3, ["10.0.1.5/24"]),
      interface("eth2", 4, ["2001:db8::5/64"]),
      interface("wlan0", 5, ["fe80::6/64"]),
      interface("wg0", 6, ["10.8.0.1/24"], isMulticast: false, isPointToPoint: true),
      interface("tun0", 7, ["10.9.0.1/24"], isPointToPoint: true),
      interface("bare", 8, []),
    ])
  }

  private func names(ipv6: Bool = true, interfaces: [String] = []) -> [String] {
    QueryTarget.targets(in: network, ipv6: ipv6, interfaces: interfaces).map {
      "\($0.interface) \($0.index) \($0.family)"
    }
  }

  @Test("every interface that takes multicast, in each family that it can speak")
  func all() {
    #expect(names() == ["eth0 2 ipv4", "eth0 2 ipv6", "eth1 3 ipv4", "wlan0 5 ipv6"])
  }

  @Test("without IPv6 only IPv4")
  func withoutIPv6() {
    #expect(names(ipv6: false) == ["eth0 2 ipv4", "eth1 3 ipv4"])
  }

  @Test("only the named interfaces; a tunnel only when it is named")
  func named() {
    #expect(names(interfaces: ["eth1", "nosuch"]) == ["eth1 3 ipv4"])
    #expect(names(interfaces: ["tun0", "wg0", "lo", "bare"]) == ["tun0 7 ipv4"])
  }

  @Test("a link that is gone fails in each family by itself, and nothing is sent")
  func gone() throws {
    let gone = UInt32(Int32.max)
    let targets = [Address.Family.ipv4, .ipv6].map {
      QueryTarget(interface: "gone", index: gone, family: $0)
    }
    let type = try ServiceType(parsing: "_ollama._tcp")
    let outcome = MulticastQuerier.send(to: targets) { _ in
      QueryMessage.messages(asking: [type], known: [])
    }
    #expect(outcome.packets == 0)
    #expect(outcome.failures.map(\.family) == [.ipv4, .ipv6])
    #expect(outcome.failures.first?.cause.operation == "setsockopt(IP_MULTICAST_IF)")
    #expect(outcome.failures.first?.description.hasPrefix("gone, ipv4: setsockopt(") == true)
  }

  @Test("no network, no question, no failure")
  func nothing() {
    let targets = QueryTarget.targets(in: LocalNetwork(), ipv6: true, interfaces: [])
    let outcome = MulticastQuerier.ask(ServiceType.defaults, at: targets) { _ in [] }
    #expect(outcome == QueryOutcome())
  }
}
