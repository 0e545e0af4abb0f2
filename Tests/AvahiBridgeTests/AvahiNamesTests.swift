import CAvahi
import DiscoveryCore
import Testing

@testable import AvahiBridge

@Suite struct AvahiNamesTests {
  @Test(
    "full names are escaped as RFC 6763 §4.3 has it",
    arguments: [
      ("box", "box._ollama._tcp.local"),
      ("dot.ted box", #"dot\.ted\032box._ollama._tcp.local"#),
      ("größe 😀", #"gr\195\182\195\159e\032\240\159\152\128._ollama._tcp.local"#),
      (#"back\slash"#, #"back\\slash._ollama._tcp.local"#),
      ("line\nfeed", #"line\010feed._ollama._tcp.local"#),
    ])
  func fullNames(_ name: String, _ fullName: String) {
    let instance = AvahiNames.instance(named: name, type: .ollama)
    #expect(instance?.fullName == fullName)
    #expect(instance?.name == name)
    // Without the library, for the log.
    #expect(ServiceInstance.fullName(of: name, type: .ollama) == fullName)
  }

  @Test(
    "what is no instance name is refused",
    arguments: [
      "", "a\u{0}b", String(repeating: "x", count: 64), String(repeating: "é", count: 32),
    ])
  func refused(_ name: String) {
    #expect(AvahiNames.instance(named: name, type: .ollama) == nil)
  }

  @Test("a string that is not UTF-8 is none")
  func notUTF8() {
    let bytes: [CChar] = [0x61, CChar(bitPattern: 0xFF), 0]
    #expect(AvahiNames.string(bytes) == nil)
    #expect(AvahiNames.string(nil) == nil)
  }

  @Test("TXT strings come through with any bytes, the first of duplicates only")
  func txt() {
    var list: UnsafeMutablePointer<AvahiStringList>?
    // Each addition goes to the front.
    for item in ["version=2", "=no key", "Version=1", "flag"] {
      list = avahi_string_list_add(list, item)
    }
    let binary: [UInt8] = Array("bin=".utf8) + [0, 0xFF]
    list = avahi_string_list_add_arbitrary(list, binary, binary.count)
    defer { avahi_string_list_free(list) }
    let record = AvahiNames.txtRecord(list)
    #expect(record["bin"] == "\u{0}\u{FFFD}")
    #expect(record["version"] == "1")
    #expect(record.attributes.map(\.key) == ["bin", "flag", "Version"])
    #expect(AvahiNames.txtRecord(nil) == TXTRecord())
  }

  @Test("addresses are read in network order", arguments: ["10.0.0.5", "fe80::1:2", "2001:db8::5"])
  func addresses(_ text: String) throws {
    var address = AvahiAddress()
    try #require(avahi_address_parse(text, AvahiNames.anyProtocol, &address) != nil)
    #expect(AvahiNames.address(&address)?.description == text)
    #expect(AvahiNames.address(nil) == nil)
  }

  @Test("an interface has the kernel's name, and none when it is not there")
  func interfaces() {
    #expect(AvahiNames.interface(1)?.name == "lo")
    #expect(AvahiNames.interface(0) == nil)
    #expect(AvahiNames.interface(-1) == nil)
    #expect(AvahiNames.interface(.max) == nil)
  }
}
