import DiscoveryCore
import Testing

@Suite struct BackendURLTests {
  @Test(
    "a URL is brought to its one normal form",
    arguments: [
      ("http://10.0.0.5:11434", "http://10.0.0.5:11434"),
      ("http://10.0.0.5:11434/", "http://10.0.0.5:11434"),
      ("HTTP://GPU1.Local.:11434/v1/", "http://gpu1.local:11434/v1"),
      ("https://llm.example", "https://llm.example:443"),
      ("http://[fd00::5]:8000/v1", "http://[fd00::5]:8000/v1"),
      ("http://[fe80::1%25eth0]:80", "http://[fe80::1%25eth0]:80"),
      ("http://[fe80::1%eth0]", "http://[fe80::1%25eth0]:80"),
    ])
  func normalForm(text: String, normal: String) throws {
    #expect(try BackendURL(parsing: text).description == normal)
  }

  @Test(
    "a URL that is none says what is wrong with it",
    arguments: [
      ("10.0.0.5:11434", BackendURL.Problem.noScheme), ("", .noScheme),
      ("ftp://x", .unsupportedScheme("ftp")), ("http://", .noHost), ("http://:80", .noHost),
      ("http://h:0", .badPort("0")), ("http://h:70000", .badPort("70000")),
      ("http://h:", .badPort("")), ("http://h:+80", .badPort("+80")),
      ("http://u:p@h", .userInfo), ("http://h/?x=1", .queryOrFragment),
      ("http://h/#x", .queryOrFragment), ("http://h/../x", .badPath("/../x")),
      ("http://h//x", .badPath("//x")), ("http://h o:80", .badHost("h o")),
      ("http://10.0.0.256", .badHost("10.0.0.256")), ("http://-x", .badHost("-x")),
      ("http://[::1", .badHost("[:")), ("http://[10.0.0.1]", .badHost("[10.0.0.1]")),
    ])
  func refused(text: String, problem: BackendURL.Problem) {
    #expect(throws: problem) { try BackendURL(parsing: text) }
  }

  @Test("a URL without a path, or with only a slash, names no path")
  func noPath() throws {
    #expect(try BackendURL(parsing: "http://h/").path == nil)
    #expect(try BackendURL(parsing: "http://h/v1").path == "/v1")
  }

  @Test(
    "an API path cannot steer a URL",
    arguments: [
      "@evil.example/", "//evil/", "/../", "/a/../b", "/.", "/%2e%2e/x", "/%2E/x", "/?x=", "/a#b",
      "/a\r\nHost: x", "/a b", "/a%2fb", "/a%5cb", "/a%0d", "/a%zz", "/a%2", "v1", "", "/a//b",
      "/a\\b", "/é", "/a@b", "/" + String(repeating: "a", count: 128),
    ])
  func steeringPath(path: String) {
    #expect(!APIPath.isValid(path))
  }

  @Test(
    "an ordinary API path is taken",
    arguments: ["/v1", "/api/v3/", "/openai/v1", "/a%20b", "/-._~"])
  func ordinaryPath(path: String) {
    #expect(APIPath.isValid(path))
  }
}
