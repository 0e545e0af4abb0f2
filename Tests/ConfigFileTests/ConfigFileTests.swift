import ConfigFile
import DiscoveryCore
import Foundation
import Testing

@Suite("nexus.toml")
struct ConfigFileTests {
  @Test("a file that says everything is the configuration that it says")
  func readsEverything() throws {
    let result = ConfigFile.parse(
      """
      [server]
      socket = "/tmp/a.sock"
      host = "::"
      port = 80
      allow_remote = true
      [discovery]
      enabled = false
      service_types = ["_Ollama._tcp.local.", "_foo-1._udp"]
      grace_period_seconds = 1.5
      query_interval_seconds = 0
      ipv6 = false
      prefer = "ipv6"
      interfaces = ["eth0", "wg-1"]
      max_backends = 7
      [discovery.trust]
      allow = ["10.0.0.0/8", "192.0.2.1"]
      deny = ["fd00::/8"]
      allow_public = true
      [[backends]]
      name = "größe 😀"
      url = "https://GPU.local/v1/"
      type = "LM Studio"
      priority = 3
      [[backends]]
      name = "b"
      url = "http://[fe80::1%25eth0]:8000"
      type = "unknown"
      [logging]
      level = "trace"
      format = "json"
      """, path: "f")
    var expected = Configuration()
    expected.server.socket = "/tmp/a.sock"
    expected.server.host = .address(Address(ipv6High: 0, low: 0))
    expected.server.port = 80
    expected.server.allowRemote = true
    expected.discovery.enabled = false
    expected.discovery.serviceTypes = try [
      ServiceType(parsing: "_ollama._tcp"), ServiceType(parsing: "_foo-1._udp"),
    ]
    expected.discovery.gracePeriod = .milliseconds(1500)
    expected.discovery.queryInterval = .zero
    expected.discovery.ipv6 = false
    expected.discovery.prefer = .ipv6
    expected.discovery.interfaces = ["eth0", "wg-1"]
    expected.discovery.maxBackends = 7
    expected.discovery.trust.allow = [
      try #require(AddressBlock("10.0.0.0/8")), try #require(AddressBlock("192.0.2.1/32")),
    ]
    expected.discovery.trust.deny = [try #require(AddressBlock("fd00::/8"))]
    expected.discovery.trust.allowPublic = true
    expected.backends = [
      AdministeredBackend(
        name: "größe 😀", url: try BackendURL(parsing: "https://gpu.local:443/v1"),
        type: .lmstudio, priority: 3),
      AdministeredBackend(name: "b", url: try BackendURL(parsing: "http://[fe80::1%25eth0]:8000")),
    ]
    expected.logging.level = .trace
    expected.logging.format = .json
    #expect(result.problems == [])
    #expect(result.configuration == expected)
  }

  @Test(
    "a file without settings is all defaults",
    arguments: ["", "\n\n", "# nothing\r\n", "\u{FEFF}# with a byte order mark\n", "[discovery]\n"])
  func defaults(_ text: String) {
    let result = ConfigFile.parse(text, path: "f")
    #expect(result.problems == [])
    #expect(result.configuration == Configuration())
  }

  @Test("a text goes on after a line's last backslash, in any script")
  func continuedLine() {
    let result = ConfigFile.parse(
      "[[backends]]\nname = \"\"\"gr\\\n  \n\tößе \\\n Ж\"\"\"\nurl = \"http://a\"\n", path: "f")
    #expect(result.configuration?.backends.map { $0.name } == ["größе Ж"])
  }

  @Test("backends at the same URL are one, the first")
  func sameURL() throws {
    let result = ConfigFile.parse(
      """
      [[backends]]
      name = "a"
      url = "http://a:80"
      [[backends]]
      name = "b"
      url = "http://a/"
      """, path: "f")
    #expect(result.warnings.count == 1)
    #expect(result.configuration?.backends.map { $0.name } == ["a"])
  }

  @Test("the shipped file has no problem and says the defaults")
  func shippedFile() throws {
    let result = ConfigFile.load(path: Self.repository + "/nexus.toml")
    #expect(result.problems == [])
    #expect(result.configuration == Configuration())
  }

  @Test("the shipped file names every setting, and its examples are right")
  func shippedFileIsComplete() throws {
    let text = try String(contentsOfFile: Self.repository + "/nexus.toml", encoding: .utf8)
    // Without any of these lines the value would be the default all the same: they are documentation.
    for key in [
      "host", "port", "allow_remote", "socket", "enabled", "service_types", "grace_period_seconds",
      "query_interval_seconds",
      "ipv6", "prefer", "interfaces", "max_backends", "allow", "deny", "allow_public",
      "interval_seconds", "timeout_seconds", "failure_threshold", "recovery_threshold",
      "max_concurrent", "level", "format",
    ] {
      #expect(text.contains("\n\(key) = "))
    }
    var examples = ""
    for line in text.split(separator: "\n") where line.hasPrefix("# ") {
      let rest = line.dropFirst(2)
      if rest.hasPrefix("[[") || rest.contains(" = ") { examples += rest + "\n" }
    }
    let result = ConfigFile.parse(examples, path: "examples")
    #expect(result.problems == [])
    #expect(result.configuration?.backends.count == 3)
    for key in ["tls_verify", "ca_file", "api_key_env", "api_key_file"] {
      #expect(text.contains("\n# \(key): "))
    }
  }

  @Test("the documented sample of all sections is accepted")
  func contractSample() throws {
    let result = ConfigFile.parse(documentedSample, path: "f")
    #expect(result.problems == [])
    var expected = Configuration()
    expected.announce.services = [
      AnnounceSettings.Service(
        AnnouncedService(
          name: "%h", type: ServiceType.defaults[0], port: 11434,
          txt: TXTRecord(["version": "0.5.7"])))
    ]
    expected.backends = [
      AdministeredBackend(
        name: "local-ollama", url: try BackendURL(parsing: "http://localhost:11434"),
        type: .ollama, priority: 1)
    ]
    #expect(result.configuration == expected)
  }

  private static let repository = String(
    #filePath.split(separator: "/", omittingEmptySubsequences: false)
      .dropLast(3).joined(separator: "/"))
}
