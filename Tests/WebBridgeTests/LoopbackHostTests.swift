import Testing
import WebBridge

struct LoopbackHostTests {
  @Test(
    "this machine is known by its own names and addresses, with any port",
    arguments: [
      "localhost", "localhost:6398", "localhost:", "LOCALHOST:1", "nexus.localhost",
      "a.b_c.localhost:80", "127.0.0.1", "127.0.0.1:6398", "127.255.0.9", "[::1]", "[::1]:6398",
      "[0:0::1]:80",
    ])
  func own(host: String) {
    #expect(LoopbackHost.matches(host))
  }

  @Test(
    "nothing else is it, however alike",
    arguments: [
      "", ":", ":6398", "evil.example", "evil.example:6398", "localhost.evil.example",
      "localhost.", "localhost:80:80", "localhost:x", "evillocalhost", "evil-localhost",
      ".localhost",
      "a..localhost", "127.0.0.1.evil.example", "127.0.0.1.nip.io", "127.1", "2130706433",
      "0177.0.0.1", "0x7f000001", "127.0.0.1.", "0.0.0.0", "10.0.0.5", "169.254.169.254", "::1",
      "[::1", "::1]", "[::]", "[::ffff:127.0.0.1]", "[127.0.0.1]", "[::1%lo]", "[localhost]",
      "evil.example@localhost", "localhost@evil.example", "evil.example/.localhost",
      "evil.example#.localhost", "evil example.localhost", "localhost, evil.example",
      "lоcalhost", "gpu1.local",
    ])
  func other(host: String) {
    #expect(!LoopbackHost.matches(host))
  }
}
