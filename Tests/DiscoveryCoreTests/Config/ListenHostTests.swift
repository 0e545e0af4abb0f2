import DiscoveryCore
import Testing

struct ListenHostTests {
  @Test(
    "is nowhere, this machine by its own names, or one address, and knows who reaches it",
    arguments: [
      ("", "", false), ("localhost", "localhost", false), ("LocalHost", "localhost", false),
      ("127.0.0.1", "127.0.0.1", false), ("127.8.9.10", "127.8.9.10", false), ("::1", "::1", false),
      ("0.0.0.0", "0.0.0.0", true), ("::", "::", true), ("10.0.0.5", "10.0.0.5", true),
      ("192.0.2.1", "192.0.2.1", true), ("FD00:0::5", "fd00::5", true),
      ("fe80::1%eth0", "fe80::1%eth0", true), ("169.254.1.1", "169.254.1.1", true),
    ])
  func accepts(text: String, description: String, isRemote: Bool) throws {
    let host = try ListenHost(parsing: text)
    #expect(host.description == description)
    #expect(host.isRemote == isRemote)
    var settings = ServerSettings()
    settings.host = host
    #expect(settings.isForbiddenRemote == isRemote)
    settings.allowRemote = true
    #expect(!settings.isForbiddenRemote)
  }

  @Test(
    "is nothing else",
    arguments: [
      ("gpu1.local", nil), ("localhost.", nil), (" ", nil), ("*", nil), ("127.1", nil),
      ("0.1.2.3", nil), ("224.0.0.251", nil), ("255.255.255.255", nil), ("ff02::fb", nil),
      ("::ffff:127.0.0.1", nil), ("::2", nil), ("10.0.0.0/8", nil), ("10.0.0.5%eth0", nil),
      ("[::1]", "write it without the brackets"),
      ("fe80::1", "write the interface after it, as in \"fe80::1%eth0\""),
      ("127.0.0.1:80", "the port is a setting of its own"),
      ("[::1]:80", "the port is a setting of its own"),
      (":6398", "the port is a setting of its own"),
      ("localhost:80", "the port is a setting of its own"), ("http://localhost", nil),
    ] as [(String, String?)])
  func refuses(text: String, hint: String?) {
    #expect {
      try ListenHost(parsing: text)
    } throws: { error in
      (error as? ListenHost.Problem)?.hint == hint
    }
  }
}
