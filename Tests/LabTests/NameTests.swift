import Foundation
import Testing

extension LabTests {
  @Suite("Names", .timeLimit(.minutes(5)))
  struct Names {
    private static let names = ["dot.ted box", "größe 😀"]

    @Test("names with dots, spaces and any letters come through whole, in tables and in JSON")
    func comeThrough() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()
        for (index, name) in Self.names.enumerated() {
          _ = try await alpha.publish(name, "_ollama._tcp", 11434 + index)
        }
        for name in Self.names {
          try await watch.change("added", of: name)
          try await daemon.logged("discovered") { $0["name"] == name }
        }
        let listed = try await daemon.list()
        #expect(Set(listed.map(\.name)) == Set(Self.names))
        let dotted = try #require(listed.first { $0.name == Self.names[0] })
        #expect(dotted.mdnsInstance == #"dot\.ted\032box._ollama._tcp.local"#)

        let table = try await daemon.command("list").output
        let found = try await daemon.command("discover", "--timeout", "3").output
        for name in Self.names {
          #expect(table.contains(name))
          #expect(found.contains(name))
          let one = try await daemon.command("show", name)
          #expect(one.status == .status(0))
          #expect(one.output.contains(name))
        }
      }
    }

    @Test("they come through whole in the journal")
    func reachTheJournal() async throws {
      try await withTwoHosts { alpha, beta in
        let journal = try await beta.receive(at: "/run/systemd/journal/socket")
        _ = try await beta.startDaemon(format: "journal")
        for (index, name) in Self.names.enumerated() {
          _ = try await alpha.publish(name, "_ollama._tcp", 11434 + index)
        }
        for name in Self.names {
          let line = try await journal.line("the record of \(name)") {
            $0.text.contains("NEXUS_EVENT=discovered\\n") && $0.text.contains(name)
          }
          let record = try JSONDecoder().decode(String.self, from: Data(line.text.utf8))
          let fields = Set(record.split(separator: "\n").map(String.init))
          #expect(fields.contains("NEXUS_NAME=\(name)"))
          #expect(fields.contains("NEXUS_SOURCE=mdns"))
          #expect(fields.contains("PRIORITY=6"))
          for key in ["MESSAGE=", "MESSAGE_ID=", "NEXUS_BACKEND_ID=", "NEXUS_URL=", "NEXUS_TYPE="] {
            #expect(fields.contains { $0.hasPrefix(key) }, "\(key)")
          }
        }
      }
    }
  }
}
