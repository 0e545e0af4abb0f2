import Foundation
import Testing

extension LabTests {
  @Suite("Hostile TXT records", .timeLimit(.minutes(5)))
  struct HostileTXT {
    /// A TXT record's data, and what of it is to be listed.
    private static let records: [(name: String, data: [UInt8]?, txt: [String: String?])] = [
      ("none", nil, [:]),
      ("empty data", [], [:]),
      ("an empty string", [0], [:]),
      ("empty strings", [0, 0, 0, 3] + Array("a=b".utf8), ["a": "b"]),
      ("a length past the end", [200] + Array("version=1".utf8), [:]),
      ("a second length past the end", [3] + Array("a=b".utf8) + [9] + Array("c=d".utf8), [:]),
      (
        "no equals signs", RawNeighbour.txt(["models", "version"]), ["models": nil, "version": nil]
      ),
      ("no keys", RawNeighbour.txt(["=", "=x", "==", "a=b"]), ["a": "b"]),
      ("twice", RawNeighbour.txt(["A=1", "a=2", "a"]), ["A": "1"]),
      (
        "binary", RawNeighbour.txt([[0x62, 0x3D, 0, 1, 0x0A, 0xFF, 0xC3, 0x41]]),
        ["b": "\0\u{1}\n\u{FFFD}\u{FFFD}A"]
      ),
      ("a binary key", RawNeighbour.txt([[0xFF, 0, 0x3D, 0x62]]), ["\u{FFFD}\0": "b"]),
      (
        "8 KB",
        RawNeighbour.txt((0..<32).map { key($0) + "=" + String(repeating: "x", count: 252) }),
        Dictionary(
          uniqueKeysWithValues: (0..<32).map { (key($0), String(repeating: "x", count: 252)) })
      ),
      (
        "2000 strings", RawNeighbour.txt((0..<2000).map { key($0 % 100) + "=" }),
        Dictionary(uniqueKeysWithValues: (0..<64).map { (key($0), "") })
      ),
    ]

    private static func key(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    @Test("a service is found at its own address, whatever its TXT record is")
    func isFound() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let raw = try await lab.bareHost("raw", on: [lan]).startRawNeighbour()
        let daemon = try await listening.startDaemon()
        // Each in a packet of its own: avahi-daemon stops reading where it cannot go on.
        for (index, record) in Self.records.enumerated() {
          var service = RawNeighbour.Service(
            record.name, host: "h\(index)", addresses: ["10.77.0.\(200 + index)"])
          service.txt = record.data
          try await raw.announce([service])
        }
        // Without a readable TXT record avahi-daemon resolves it only when it is not asked for one,
        // which is tried when asking for all has failed, after 5 s. An answer that is lost costs the
        // other ways of asking: a good 20 s more.
        let list = try await eventually(within: .seconds(90), "all of them") {
          let list = try await daemon.list()
          return list.count == Self.records.count ? list : nil
        }
        for (index, record) in Self.records.enumerated() {
          let backend = try #require(list.first { $0.name == record.name })
          #expect(backend.url == "http://10.77.0.\(200 + index):11434")
          #expect(backend.addresses == ["10.77.0.\(200 + index)"])
          #expect(backend.txt == record.txt, "\(record.name)")
        }
        let table = try await daemon.command("list").output
        #expect(table.split(separator: "\n").count == list.count + 2)
        let shown = try await daemon.command("show", "binary").output
        #expect(shown.contains(#"b=\u{0}\u{1}\n"#))
      }
    }

    private static let paths = [
      "@evil.example/", "//evil/", "/../", "/a/../../b", "/./", "/%2e%2e/", "/%2E%2e/x", "/.%2e/",
      "?x=", "/v1?x=", "/v1#x", "#", "/v1\r\nHost: evil", "/v1\nx", "/v 1", " /v1", "/v1 ", "v1",
      "http://evil.example/", ":80/", "/\\evil", "\\\\evil\\", "/a\\..\\b", "/%5cevil", "/%2fevil",
      "/a//b", "/%00", "/%0d%0a", "/%zz", "/%", "/\0", "/\u{1B}[2J", "/é", "/\u{202E}", "/a@b",
      "/a:b",
      "/\"", "/<script>", "/{x}", "/`id`", "/" + String(repeating: "a", count: 240),
      String(repeating: "/a", count: 70),
    ]

    @Test("an api_path that could steer the URL is not used, and a person is told once")
    func pathsAreRefused() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let raw = try await lab.bareHost("raw", on: [lan]).startRawNeighbour()
        let beta = try await listening
        let daemon = try await beta.startDaemon()
        let services = Self.paths.enumerated().map { index, path in
          var service = RawNeighbour.Service("path \(index)", addresses: ["10.77.0.200"])
          service.type = "_llm._tcp.local"
          service.port = 1000 + index
          service.txt = RawNeighbour.txt(["type=vllm", "api_path=\(path)"])
          return service
        }
        try await raw.announce(services, over: ["ipv4", "ipv6"])
        let list = try await eventually(within: .seconds(60), "all of them") {
          let list = try await daemon.list()
          return list.count == Self.paths.count ? list : nil
        }
        for (index, path) in Self.paths.enumerated() {
          let backend = try #require(list.first { $0.port == 1000 + index })
          #expect(
            backend.url == "http://10.77.0.200:\(1000 + index)/v1", "\(path.debugDescription)")
          #expect(backend.apiPath == "/v1")
          #expect(backend.txt["api_path"] == path)
          try await daemon.logged("skipped") { $0["name"] == "path \(index)" }
          let told = daemon.log.filter {
            $0["event"] == "skipped" && $0["name"] == "path \(index)"
          }
          #expect(told.map { $0["reason"] } == ["api_path_refused"], "\(path.debugDescription)")
          #expect(told.first?["level"] == "warn")
        }
      }
    }
  }
}
