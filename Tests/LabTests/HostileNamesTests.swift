import Foundation
import Testing

extension LabTests {
  @Suite("Hostile names", .timeLimit(.minutes(5)))
  struct HostileNames {
    /// What a neighbour may call its services; each is listed under exactly this name.
    private static let names = [
      "new\nline", "a\r\nb", "\t", "\u{1B}[2J\u{1B}]0;x\u{07}", "\u{7F}", "\u{85}\u{9B}31m",
      "gnp.\u{202E}exe\u{202C}", "\u{2066}a\u{2069}", "\u{2028}sep\u{2029}", "\u{FEFF}bom",
      "\u{200B}", "%s%n%x%@%1$s", "<script>alert(1)</script>", "$(touch /run/hit)",
      "`touch /run/hit`", ";touch /run/hit #", "|touch /run/hit", "\"quoted\" 'single' \\\"",
      "\",\"x\":\"", "{\"event\":\"removed\"}", "a=b event=removed", "back\\slash\\032\\", ".",
      "..",
      "../../run/hit", "/", "--help", "-", " ", "* ? [a] ~ ! # & | < >", "_ollama._tcp.local",
      String(repeating: "x", count: 63), String(repeating: "é", count: 31), "e\u{301}x", "👩‍👩‍👧‍👦",
    ]

    /// What is no text at all; these are never listed.
    private static let noNames: [[UInt8]] = [
      [], [0], Array("nul\0byte".utf8), [0xFF, 0xFE], [0xC3], [0x61, 0xC0, 0x80],
      [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
    ]

    /// Targets below .local, most of which are no host names: the service is found all the same.
    private static let hosts: [[[UInt8]]] = [
      ["büro"], ["a b"], ["a@b"], [".."], ["evil.example"], ["$(touch /run/hit)"], ["x\ny"], ["-a"],
      ["127.0.0.1"], ["1"], ["\\"], [String(repeating: "a", count: 63)],
      Array(repeating: String(repeating: "a", count: 61), count: 3)
        + [String(repeating: "b", count: 60)],
      Array(repeating: String(repeating: "a", count: 63), count: 5),
      Array(repeating: "\u{1}", count: 100), Array(repeating: "a", count: 120),
    ].map { labels in (labels + ["local"]).map { Array($0.utf8) } }

    /// Targets that are no text, or none at all.
    private static let noHosts: [[[UInt8]]] = [
      [[0xFF, 0xFE], Array("local".utf8)], [Array("a\0b".utf8), Array("local".utf8)], [],
      [[0xFF], Array("example".utf8)],
    ]

    private static let address = "10.77.0.200"

    /// The service whose port is 1000 and its place in `names`, and so on: a target for each.
    private static func announce(by raw: RawNeighbour) async throws {
      func service(_ name: [UInt8], _ port: Int, host: [[UInt8]]) -> RawNeighbour.Service {
        var service = RawNeighbour.Service(name, host: host, addresses: [address])
        service.port = port
        service.txt = RawNeighbour.txt([
          Array("name=".utf8) + name, Array("models=".utf8) + name, Array("info=".utf8) + name,
          Array("version=".utf8) + name, name, name + Array("=key".utf8),
        ])
        return service
      }
      func host(_ port: Int) -> [[UInt8]] { [Array("h\(port)".utf8), Array("local".utf8)] }
      var services: [RawNeighbour.Service] = []
      for (index, name) in names.enumerated() {
        services.append(service(Array(name.utf8), 1000 + index, host: host(1000 + index)))
      }
      for (index, name) in noNames.enumerated() {
        services.append(service(name, 2000 + index, host: host(2000 + index)))
      }
      for (index, target) in hosts.enumerated() {
        services.append(service(Array("to host \(index)".utf8), 3000 + index, host: target))
      }
      for (index, target) in noHosts.enumerated() {
        services.append(service(Array("to no host \(index)".utf8), 4000 + index, host: target))
      }
      // Each in a packet of its own: avahi-daemon drops all of one that it cannot read.
      for service in services { try await raw.announce([service]) }
    }

    /// What could begin a line, move a cursor or reorder text.
    private static func hazards(in text: String) -> [Unicode.Scalar] {
      text.unicodeScalars.filter { scalar in
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: scalar != "\n"
        default:
          (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            || [0x200E, 0x200F, 0x061C, 0xFEFF].contains(scalar.value)
        }
      }
    }

    private static func lines(_ text: String) -> [Substring] { text.split(separator: "\n") }

    @Test(
      "whatever neighbours call themselves, each output has one clean line for each, JSON exact")
    func allOutputs() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let raw = try await lab.bareHost("raw", on: [lan]).startRawNeighbour()
        let beta = try await listening
        let debug = Daemon.configuration(more: "[logging]\nlevel = \"debug\"")
        let daemon = try await beta.startDaemon(debug)
        let second = try await beta.startDaemon(
          debug, arguments: ["--socket", "/run/second.sock", "--host", ""], format: "text")
        let journal = try await beta.receive(at: "/run/systemd/journal/socket")
        _ = try await beta.startDaemon(
          debug, arguments: ["--socket", "/run/third.sock", "--host", ""], format: "journal")
        let watch = try await daemon.watch()
        let watchText = try beta.spawn([LabAvailability.binary, "watch"])
        try await watchText.line(containing: Daemon.marker)

        try await Self.announce(by: raw)
        let count = Self.names.count + Self.hosts.count
        _ = try await eventually(within: .seconds(60), "\(count) backends") {
          try await daemon.list().count >= count ? true : nil
        }
        // A normal service is found after all that.
        try await raw.announce([RawNeighbour.Service("normal", addresses: ["10.77.0.201"])])
        try await watch.change("added", of: "normal")
        try await second.process.line(containing: "discovered normal")

        _ = try await eventually(within: .seconds(20), "as many in the other log") {
          let discovered = second.process.lines.count { $0.text.contains(" event=discovered ") }
          return try await discovered == daemon.list().count + 1 ? true : nil
        }

        let list = try await checkJSON(daemon)
        try await checkTables(daemon, list: list)
        try await checkOne(daemon, list: list)
        // Every line of the log is JSON, or is one clean line.
        let errors = daemon.process.lines.filter { $0.stream == .errors }
        #expect(errors.allSatisfy { LogLine($0) != nil })
        let logs = [daemon.process.text(of: .errors), second.process.text(of: .errors)]
        for text in logs + [watch.process.text(of: .output), watchText.text(of: .output)] {
          #expect(Self.hazards(in: text).isEmpty)
        }
        for line in Self.lines(logs[1]) { #expect(line.prefix(3) == "202", "\(line)") }
        let discovered = Self.lines(logs[1]).count { $0.contains(" event=discovered ") }
        #expect(discovered == list.count + 1)
        let added = Self.lines(watchText.text(of: .output)).filter {
          $0.dropFirst(10).hasPrefix("added ")
        }
        #expect(added.count == list.count)
        #expect(Self.lines(watchText.text(of: .output)).allSatisfy { $0.dropFirst(2).first == ":" })
        // One that cannot be read as fields would be binary (systemd's Journal Native Protocol).
        try await journal.line(containing: "discovered normal")
        for line in journal.lines.dropFirst() {
          let record = try JSONDecoder().decode(String.self, from: Data(line.text.utf8))
          #expect(Self.hazards(in: record).isEmpty)
          let fields = Self.lines(record).map { $0.prefix { $0 != "=" } }
          #expect(fields.allSatisfy { $0.allSatisfy { $0 == "_" || $0.isUppercase } }, "\(record)")
        }
        // Nothing was made of a name, and nothing died.
        #expect(try await beta.run(["ls", "/run/hit"]).status != .status(0))
        #expect(try await beta.succeed("ls", "/run/nexus-discovery") == "api.sock")
        #expect(try await daemon.state(of: "mdns") == "up")
        #expect(daemon.log.filter { $0["event"] == "source_down" }.isEmpty)
        #expect(try await daemon.stop() == .status(0))
      }
    }

    /// Everything is in `list --json` byte for byte, on one line; so it is in `discover --json`.
    private func checkJSON(_ daemon: Daemon) async throws -> [ListedBackend] {
      let text = try await daemon.command("list", "--json").output
      #expect(Self.lines(text).count == 1)
      #expect(Self.hazards(in: text).isEmpty)
      let list = try await daemon.list()
      for (index, name) in Self.names.enumerated() {
        let backend = try #require(list.first { $0.port == 1000 + index }, "\(name)")
        let named = backend.txt["name"] ?? nil
        for said in [backend.name, named, backend.info, backend.version] {
          #expect(said.map { Array($0.utf8) } == Array(name.utf8))
        }
        #expect(backend.url == "http://\(Self.address):\(1000 + index)")
      }
      for (index, target) in Self.hosts.enumerated() {
        let backend = try #require(list.first { $0.port == 3000 + index }, "\(target)")
        #expect(backend.url == "http://\(Self.address):\(3000 + index)")
        let isName = backend.hostname?.utf8.allSatisfy { (0x2D...0x7A).contains($0) } ?? true
        #expect(isName, "\(backend.hostname ?? "")")
      }
      #expect(
        !list.contains { (2000..<3000).contains($0.port) || $0.port >= 4000 && $0.port < 5000 })
      let found = try await daemon.command("discover", "--timeout", "2", "--json").output
      #expect(Self.lines(found).count == 1)
      #expect(Self.hazards(in: found).isEmpty)
      return list
    }

    /// A heading and a line for each.
    private func checkTables(_ daemon: Daemon, list: [ListedBackend]) async throws {
      for (command, more) in [("list", 1), ("discover", 0)] {
        let table = try await daemon.command(command).output
        #expect(Self.lines(table).count == 1 + list.count + more, "\(command)")
        #expect(Self.hazards(in: table).isEmpty, "\(command)")
      }
      let status = try await daemon.command("status")
      #expect(Self.hazards(in: status.output).isEmpty)
      // A shell completes what the network says.
      let script = """
        source <("$0" completions bash)
        COMP_WORDS=("$0" show "") COMP_CWORD=2
        _nexus_discovery "$0"
        echo ${#COMPREPLY[@]}
        """
      let completed = try await daemon.host.succeed("bash", "-c", script, LabAvailability.binary)
      #expect(completed == "\(list.count + 1)")
    }

    /// `show` by id and by name has one line for each field.
    private func checkOne(_ daemon: Daemon, list: [ListedBackend]) async throws {
      for (index, name) in Self.names.enumerated() {
        let backend = try #require(list.first { $0.port == 1000 + index })
        let byID = try await daemon.command("show", backend.id)
        let byName = try await daemon.command("show", "--", name)
        let words = "\(name.debugDescription): \(byID.errors) \(byName.errors)"
        #expect(byID.status == .status(0) && byName.status == .status(0), "\(words)")
        #expect(Self.lines(byID.output).first?.hasPrefix("Name: ") == true, "\(words)")
        #expect(Self.hazards(in: byID.output + byName.output).isEmpty, "\(words)")
        #expect(Self.lines(byID.output).count == Self.lines(byName.output).count, "\(words)")
        // Fields, and the further TXT strings below the first.
        #expect(Self.lines(byID.output).allSatisfy { $0.contains(": ") || $0.hasPrefix("    ") })
      }
    }
  }
}
