import ConfigFile
import DiscoveryCore
import Foundation
import Testing

@Suite("Keys and certificates of [[backends]]")
struct BackendAccessTests {
  private static let secret = "sk-not-to-be-told"

  private static func backend(_ url: String, _ lines: String, name: String = "a") -> String {
    "[[backends]]\nname = \"\(name)\"\nurl = \"\(url)\"\n\(lines)\n"
  }

  // MARK: - What the file says

  @Test("every key is read")
  func readsEverything() throws {
    let result = ConfigFile.parse(
      Self.backend(
        "https://gpu.example", "ca_file = \"/etc/ca.pem\"\napi_key_file = \"/etc/a.key\"")
        + Self.backend("https://b", "tls_verify = false\n", name: "b")
        + Self.backend("http://localhost:1", "api_key_env = \"_KEY_2\"", name: "c"), path: "f")
    let access = try #require(result.configuration).backends.map(\.access)
    var first = AccessSettings()
    first.authorities = "/etc/ca.pem"
    first.key = .file("/etc/a.key")
    var second = AccessSettings()
    second.verifiesCertificate = false
    var third = AccessSettings()
    third.key = .environment("_KEY_2")
    #expect(access == [first, second, third])
    #expect(result.problems == [])
  }

  @Test("what cannot be is an error, what has no effect or tells the key a warning", arguments: bad)
  func problems(_ bad: BadConfig) {
    let result = ConfigFile.parse(bad.text, path: "f")
    #expect(result.problems.map { $0.description } == bad.problems.map { "f:" + $0 })
    #expect((result.configuration == nil) == bad.problems.contains { $0.contains(": error: ") })
  }

  private static let open =
    "the key goes unencrypted over the network; use https://, if the server can"

  private static let bad: [BadConfig] = [
    .init(
      backend("https://a", "tls_verify = \"false\"\nca_file = \"ca.pem\""),
      "4:14: error: \"tls_verify\" in [[backends]] must be a boolean, but is a string;"
        + " write it without quotes",
      "5:11: error: \"ca_file\" in [[backends]] must be the absolute path of a file"),
    .init(
      backend("https://a", "api_key_file = \"/a\"\napi_key_env = \"A\""),
      "5:1: error: \"api_key_env\" and \"api_key_file\" in [[backends]] exclude each other"),
    .init(
      backend("https://a", "api_key_file = \"\(secret)\""),
      "4:16: error: \"api_key_file\" in [[backends]] must be the absolute path of a file"),
    .init(
      backend("https://a", "api_key_env = \"\(secret)\""),
      "4:15: error: \"api_key_env\" in [[backends]] must be the name of an environment variable,"
        + " as in \"GPU_BOX_KEY\""),
    .init(
      backend("https://a", "api_key = \"\(secret)\""),
      "4:11: error: a key does not belong into this file, which others may read;"
        + " put it into a file of its own, and the path of that into \"api_key_file\""),
    .init(
      backend("https://a", "api_key_fiel = \"/a\""),
      "4:1: error: unknown key \"api_key_fiel\" in [[backends]]; did you mean \"api_key_file\"?"),
    .init(
      backend("https://user:\(secret)@a", ""),
      "3:7: error: bad URL: a user name or password does not belong into a backend's URL"),
    .init(
      backend("https://a/v1?key=\(secret)", ""),
      "3:7: error: bad URL: a query or fragment does not belong into a backend's URL"),
    .init(backend("http://gpu.local", "api_key_file = \"/a\""), "4:1: warning: \(open)"),
    .init(backend("http://10.0.0.5:80", "api_key_env = \"A\""), "4:1: warning: \(open)"),
    .init(backend("http://127.0.0.1:80", "api_key_env = \"A\"")),
    .init(backend("http://[::1]:80", "api_key_env = \"A\"")),
    .init(
      backend("http://a", "tls_verify = true\nca_file = \"/a\""),
      "4:1: warning: \"tls_verify\" in [[backends]] has no effect on an http:// URL",
      "5:1: warning: \"ca_file\" in [[backends]] has no effect on an http:// URL"),
    .init(
      backend("https://a", "tls_verify = false\nca_file = \"/a\"\napi_key_env = \"A\""),
      "5:1: warning: \"ca_file\" in [[backends]] has no effect where \"tls_verify\" is false",
      "6:1: warning: the key goes to whoever answers, as no certificate is verified;"
        + " name the server's certificate in \"ca_file\" instead"),
    .init(
      backend("https://a", "api_key_env = \"A\"")
        + backend("https://a/v1", "api_key_env = \"A\"", name: "b")
        + backend("https://a/v2", "tls_verify = false", name: "c"),
      "7:7: warning: \"b\" in line 7 is at the same server as \"a\" in line 3;"
        + " they become one backend",
      "11:7: warning: \"c\" in line 11 is at the same server as \"a\" in line 3;"
        + " they become one backend",
      "12:1: warning: what \"c\" says of certificates and keys has no effect: \"a\" decides"),
  ]

  // MARK: - What other files say

  /// A file for one test, and what must be said of it.
  private func withFile<Result>(
    _ bytes: some Sequence<UInt8>, mode: Int = 0o600, _ body: (String) throws -> Result
  ) throws -> Result {
    let path = NSTemporaryDirectory() + "access-\(UUID().uuidString)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  private func readAccess(
    _ lines: String, url: String = "https://a:8443", environment: [String: String] = [:]
  ) throws -> (access: ProbeAccess?, problems: [String]) {
    let result = ConfigFile.parse(Self.backend(url, lines), path: "f")
    let configuration = try #require(result.configuration)
    let read = result.backendAccess(environment: { environment[$0] })
    #expect(read.problems.allSatisfy { $0.severity == .warning })
    return (
      read.access[Endpoint(configuration.backends[0].url)], read.problems.map(\.description)
    )
  }

  @Test("a key stands in a file, whatever blanks are around it", arguments: ["", "\n", " \r\n\n"])
  func keyFile(end: String) throws {
    try withFile((Self.secret + end).utf8) { path in
      let (access, problems) = try readAccess("api_key_file = \"\(path)\"")
      #expect(access == ProbeAccess(key: APIKey(Self.secret)))
      #expect(problems == [])
    }
  }

  @Test(
    "a key file that others may read or write is used, with a warning", arguments: [0o644, 0o602])
  func openKeyFile(mode: Int) throws {
    try withFile(Self.secret.utf8, mode: mode) { path in
      let (access, problems) = try readAccess("api_key_file = \"\(path)\"")
      #expect(access?.key == APIKey(Self.secret))
      #expect(
        problems == [
          "f:4:16: warning: the key in \(path) is open to every user; chmod o= \(path)"
        ])
    }
  }

  private static let keylessTexts = [
    ("", "the file is empty"), (" \n", "the file is empty"),
    ("\(secret)\n\(secret)", "it must hold one line of visible ASCII characters"),
    ("\(secret)ü", "it must hold one line of visible ASCII characters"),
    (String(repeating: secret, count: 600), "the file is larger than 8 KiB"),
  ]

  @Test(
    "a file without a key leaves the backend without one, and says why but not what is in it",
    arguments: keylessTexts)
  func noKeyInFile(text: String, reason: String) throws {
    try withFile(text.utf8) { path in
      let (access, problems) = try readAccess("api_key_file = \"\(path)\"")
      #expect(access == nil)
      #expect(problems == ["f:4:16: warning: no key from \(path): \(reason)"])
    }
  }

  @Test(
    "what is no file is not waited for",
    arguments: [
      ("/nonexistent/a.key", "the file does not exist"), ("/tmp", "it is not a regular file"),
      ("/dev/zero", "it is not a regular file"),
    ])
  func noFile(path: String, reason: String) throws {
    let (access, problems) = try readAccess("api_key_file = \"\(path)\"")
    #expect(access == nil)
    #expect(problems == ["f:4:16: warning: no key from \(path): \(reason)"])
  }

  @Test("a pipe without a writer is not waited for")
  func pipe() throws {
    let path = NSTemporaryDirectory() + "access-\(UUID().uuidString)"
    try #require(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    let (access, problems) = try readAccess("api_key_file = \"\(path)\"")
    #expect(access == nil)
    #expect(problems == ["f:4:16: warning: no key from \(path): it is not a regular file"])
  }

  @Test("a key stands in the environment, whose names and values no message repeats")
  func environment() throws {
    let line = "api_key_env = \"SK_KEY\""
    let found = try readAccess(line, environment: ["SK_KEY": Self.secret])
    #expect(found.access?.key == APIKey(Self.secret))
    #expect(found.problems == [])
    let variable = "the environment variable that \"api_key_env\" names"
    for value in [nil, ""] as [String?] {
      let missing = try readAccess(line, environment: value.map { ["SK_KEY": $0] } ?? [:])
      #expect(missing.access == nil)
      #expect(missing.problems == ["f:4:15: warning: no key: \(variable) is not set"])
    }
    let bad = try readAccess(line, environment: ["SK_KEY": "\(Self.secret)\r\nHost: x"])
    #expect(bad.access == nil)
    #expect(
      bad.problems == [
        "f:4:15: warning: no key: \(variable) holds something else than visible ASCII characters"
      ])
    let unknown = ConfigFile.parse(Self.backend("https://a", line), path: "f")
    #expect(unknown.backendAccess(environment: nil).problems == [])
  }

  @Test("certificates are looked for in their file, which is trusted even if nothing is found")
  func authorities() throws {
    try withFile("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n".utf8) { path in
      let (access, problems) = try readAccess("ca_file = \"\(path)\"")
      #expect(access == ProbeAccess(authorities: path))
      #expect(problems == [])
    }
    try withFile("-----BEGIN PRIVATE KEY-----\n".utf8) { path in
      let (access, problems) = try readAccess("ca_file = \"\(path)\"")
      #expect(access == ProbeAccess(authorities: path))
      #expect(problems == ["f:4:11: warning: there is no certificate in PEM form in \(path)"])
    }
    let (access, problems) = try readAccess("ca_file = \"/nonexistent\"")
    #expect(access == ProbeAccess(authorities: "/nonexistent"))
    #expect(
      problems == ["f:4:11: warning: no certificates from /nonexistent: the file does not exist"])
  }

  @Test("only backends that need it are spoken to otherwise, and the first of a server decides")
  func servers() throws {
    let result = ConfigFile.parse(
      Self.backend("http://plain", "") + Self.backend("https://b", "", name: "b")
        + Self.backend("https://c", "tls_verify = false", name: "c")
        + Self.backend("https://c/v2", "tls_verify = true", name: "d"), path: "f")
    let endpoint = Endpoint(try BackendURL(parsing: "https://c"))
    #expect(
      result.backendAccess(environment: nil).access
        == [endpoint: ProbeAccess(verifiesCertificate: false)])
  }

  @Test("no key shows in what is printed of a configuration or of what is read for it")
  func hidden() throws {
    try withFile(Self.secret.utf8) { path in
      let result = ConfigFile.parse(
        Self.backend("https://a", "api_key_file = \"\(path)\""), path: "f")
      let access = result.backendAccess(environment: nil)
      #expect(access.access.values.first?.key?.value == Self.secret)
      var dumped = "\(result) \(access) \(String(reflecting: access))"
      dump(access, to: &dumped)
      #expect(!dumped.contains(Self.secret))
    }
  }
}
