import DiscoveryCore
import DiscoveryTestKit
import Testing

@Suite("This machine's network")
struct LocalNetworkTests {
  @Test("others reach it where multicast goes, IPv4 first and link-local last, with its zone")
  func reachable() {
    let network = LocalNetwork(interfaces: [
      .init(name: "lo", index: 1, isLoopback: true, addresses: [.of("127.0.0.1/8")]),
      .init(
        name: "eth0", index: 2,
        addresses: [
          .of("fe80::1/64"), .of("fd00::1/64"), .of("169.254.1.1/16"), .of("10.0.0.1/24"),
        ]),
      .init(name: "tun0", index: 3, isPointToPoint: true, addresses: [.of("10.8.0.1/32")]),
      .init(name: "dummy0", index: 4, isMulticast: false, addresses: [.of("10.9.0.1/24")]),
      .init(name: "eth1", index: 5, addresses: [.of("10.1.0.1/24")]),
    ])
    #expect(
      network.reachableAddresses.map(\.description) == [
        "10.0.0.1", "10.1.0.1", "169.254.1.1", "fd00::1", "fe80::1%eth0",
      ])
    #expect(LocalNetwork().reachableAddresses == [])
  }
}
