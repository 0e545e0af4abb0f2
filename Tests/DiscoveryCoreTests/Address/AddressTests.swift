import DiscoveryCore
import DiscoveryTestKit
import Testing

@Suite struct AddressTests {
  @Test(
    "an address is written in its one canonical form (RFC 5952)",
    arguments: [
      ("10.0.0.5", "10.0.0.5"), ("255.255.255.255", "255.255.255.255"),
      ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("::", "::"), ("::1", "::1"),
      ("1::", "1::"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
      ("fe80::1%eth0", "fe80::1%eth0"), ("::ffff:10.0.0.5", "::ffff:10.0.0.5"),
      ("64:ff9b::192.0.2.1", "64:ff9b::c000:201"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ])
  func canonicalForm(text: String, canonical: String) throws {
    let address = try #require(Address(text))
    #expect(address.description == canonical)
    #expect(Address(canonical) == address)
    #expect(Address(networkBytes: address.networkBytes, zone: address.zone) == address)
  }

  @Test(
    "what is no address is refused",
    arguments: [
      "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "+1.2.3.4", ":", ":::",
      "1:2", "1:2:3:4:5:6:7:8:9", "1::2::3", "::12345", "::g", "1:2:3:4:5:6:7::8",
      "fe80::1%", "fe80::1%a/b", "fe80::1%waytoolongforaninterface", "10.0.0.1%eth0",
      "2001:db8::1%eth0", "[::1]", "1.2.3.4::",
    ])
  func refused(text: String) {
    #expect(Address(text) == nil)
  }

  @Test("a link-local IPv6 address carries its zone into a URL, percent-encoded (RFC 6874)")
  func zoneInURL() {
    #expect(Address.of("fe80::1%eth0").urlHost == "[fe80::1%25eth0]")
    #expect(Address.of("2001:db8::1").urlHost == "[2001:db8::1]")
    #expect(Address.of("10.0.0.5").urlHost == "10.0.0.5")
  }

  @Test("a zone is dropped where it means nothing")
  func zoneOnlyOnLinkLocal() {
    #expect(Address(ipv6High: 0x2001_0DB8 << 32, low: 1, zone: "eth0").zone == nil)
    #expect(Address(ipv6High: 0xFE80 << 48, low: 1, zone: "eth0").zone == "eth0")
  }

  @Test("random addresses survive being written and read")
  func roundTrip() {
    var random = SeededGenerator(seed: 42)
    for _ in 0..<2000 {
      // Zeros are made likely, since they are what the short form is about.
      func group() -> UInt64 {
        Bool.random(using: &random) ? 0 : .random(in: 0...65535, using: &random)
      }
      let halves = (0..<2).map { _ in (0..<4).reduce(UInt64(0)) { half, _ in half << 16 | group() }
      }
      let address = Address(ipv6High: halves[0], low: halves[1])
      #expect(Address(address.description) == address, "\(address)")
    }
  }

  @Test("a block holds its addresses and no others")
  func blocks() {
    #expect(AddressBlock.of("10.0.0.0/8").contains(.of("10.255.0.1")))
    #expect(!AddressBlock.of("10.0.0.0/8").contains(.of("11.0.0.1")))
    #expect(AddressBlock.of("0.0.0.0/0").contains(.of("8.8.8.8")))
    #expect(!AddressBlock.of("0.0.0.0/0").contains(.of("::1")))
    #expect(AddressBlock.of("::/0").contains(.of("2001:db8::1")))
    #expect(AddressBlock.of("fe80::/10").contains(.of("fe80::1%eth0")))
    #expect(AddressBlock.of("2001:db8:0:0:8000::/65").contains(.of("2001:db8::ffff:0:0:1")))
    #expect(!AddressBlock.of("2001:db8:0:0:8000::/65").contains(.of("2001:db8::1")))
    #expect(AddressBlock.of("10.0.0.5").contains(.of("10.0.0.5")))
    for text in ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "x/8", "::/129"] {
      #expect(AddressBlock(text) == nil, "\(text)")
    }
  }
}
