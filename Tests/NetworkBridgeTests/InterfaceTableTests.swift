import DiscoveryCore
import Glibc
import NetworkBridge
import Testing

@Suite("This machine's interfaces")
struct InterfaceTableTests {
  private let up = UInt32(IFF_UP)

  private func block(_ text: String) throws -> AddressBlock {
    try #require(AddressBlock(text))
  }

  @Test(
    "the prefix is the netmask's leading ones, whatever the netmask is",
    arguments: [
      ([255, 255, 255, 0], 24), ([255, 255, 255, 255], 32), ([0, 0, 0, 0], 0),
      ([255, 255, 240, 0], 20), ([255, 0, 255, 0], 8), ([0, 0, 0, 255], 0), ([254, 255, 0, 0], 7),
      (nil, 32), ([], 32), ([255, 255], 32),
    ] as [([UInt8]?, Int)])
  func prefixes(mask: [UInt8]?, expected: Int) throws {
    var table = InterfaceTable()
    table.add(link: "eth0", index: 2, flags: up)
    table.add(address: try #require(Address("10.0.0.5")), netmask: mask, label: "eth0")
    let block = try block("10.0.0.5/\(expected)")
    #expect(table.network.interfaces.first?.addresses == [block])
  }

  @Test("an IPv6 prefix is read the same way")
  func ipv6Prefix() throws {
    var table = InterfaceTable()
    table.add(link: "eth0", index: 2, flags: up)
    let mask = [UInt8](repeating: 255, count: 7) + [0xF0] + [UInt8](repeating: 0, count: 8)
    table.add(
      address: try #require(Address("2001:db8::5")), netmask: mask, label: "eth0")
    let block = try block("2001:db8::5/60")
    #expect(table.network.interfaces.first?.addresses == [block])
  }

  @Test("an interface that is down, or unknown, is left out with its addresses")
  func down() throws {
    var table = InterfaceTable()
    table.add(link: "eth0", index: 2, flags: UInt32(IFF_MULTICAST))
    table.add(address: try #require(Address("10.0.0.5")), netmask: nil, label: "eth0")
    table.add(address: try #require(Address("10.0.0.6")), netmask: nil, label: "gone")
    #expect(table.network == LocalNetwork())
  }

  @Test("flags become what the interface is")
  func flags() {
    var table = InterfaceTable()
    table.add(link: "lo", index: 1, flags: up | UInt32(IFF_LOOPBACK))
    table.add(link: "eth0", index: 2, flags: up | UInt32(IFF_MULTICAST))
    table.add(link: "tun0", index: 3, flags: up | UInt32(IFF_MULTICAST | IFF_POINTOPOINT))
    #expect(
      table.network.interfaces == [
        .init(name: "lo", index: 1, isLoopback: true, isMulticast: false, addresses: []),
        .init(name: "eth0", index: 2, isMulticast: true, addresses: []),
        .init(name: "tun0", index: 3, isMulticast: true, isPointToPoint: true, addresses: []),
      ])
  }

  @Test("an alias's address belongs to its interface, and order does not matter")
  func order() throws {
    let first = try #require(Address("10.0.0.5"))
    let second = try #require(Address("10.0.0.6"))
    var one = InterfaceTable()
    one.add(link: "eth0", index: 2, flags: up)
    one.add(link: "eth1", index: 3, flags: up)
    one.add(address: first, netmask: [255, 0, 0, 0], label: "eth0")
    one.add(address: second, netmask: [255, 0, 0, 0], label: "eth0:1")
    var other = InterfaceTable()
    other.add(address: second, netmask: [255, 0, 0, 0], label: "eth0")
    other.add(link: "eth1", index: 3, flags: up)
    other.add(address: first, netmask: [255, 0, 0, 0], label: "eth0")
    other.add(link: "eth0", index: 2, flags: up)
    #expect(one.network == other.network)
    #expect(one.network.interfaces.map(\.addresses.count) == [2, 0])
  }

  @Test("a link-local address keeps no zone: its interface says it")
  func zone() throws {
    var table = InterfaceTable()
    table.add(link: "eth0", index: 2, flags: up)
    table.add(address: try #require(Address("fe80::1%eth0")), netmask: nil, label: "eth0")
    #expect(table.network.isOwn(try #require(Address("fe80::1%eth0"))))
    #expect(!table.network.isOwn(try #require(Address("fe80::1%eth1"))))
  }

  @Test("the machine's own loopback is found, with the address that every machine has")
  func loopback() throws {
    let network = try LocalNetwork.current()
    let loopback = try #require(network.interfaces.first { $0.isLoopback })
    #expect(loopback.index == if_nametoindex(loopback.name))
    #expect(loopback.addresses.contains(try block("127.0.0.1/8")))
    #expect(try LocalNetwork.current() == network)
  }
}
