import Foundation
import Testing

extension LabTests {
  @Suite("Logs, readiness, signals", .timeLimit(.minutes(5)))
  struct Logs {
    @Test("each change is one JSON object a line, with its fields")
    func jsonLog() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon(Daemon.configuration(grace: 1))
        let service = try await alpha.publish("box", "_ollama._tcp", 11434)
        let found = try await daemon.logged("discovered") { $0["name"] == "box" }
        let address = await alpha.address
        let id = try await beta.identifier(ofInstance: "box._ollama._tcp.local")
        #expect(found["level"] == "info")
        #expect(found["backend_id"] == id)
        #expect(found["url"] == "http://\(address):11434")
        #expect(found["type"] == "ollama")
        #expect(found["source"] == "mdns")
        #expect(found["instance"] == "box._ollama._tcp.local")
        #expect(found["time"] != nil)
        #expect(found["message"]?.contains("box") == true)

        try await service.withdraw()
        let gone = try await daemon.logged("disappeared")
        #expect(gone["level"] == "warn")
        let removed = try await daemon.logged("removed")
        #expect(removed["level"] == "info")
        let errors = daemon.process.lines.filter { $0.stream == .errors }
        #expect(errors.allSatisfy { LogLine($0) != nil }, "lines that are no JSON")
        #expect(daemon.process.text(of: .output) == "")
      }
    }

    @Test("it tells the service manager READY, a STATUS and STOPPING, and ends with 0 within 2 s")
    func notifies() async throws {
      try await withTwoHosts { _, beta in
        let daemon = try await beta.startDaemon()
        try await daemon.notifications.line(containing: "STATUS=")
        try await daemon.stopInTime()
        try await daemon.notifications.line(containing: "STOPPING=1")
        #expect(try await beta.succeed("ls", "/run/nexus-discovery") == "")
      }
    }

    @Test("SIGHUP puts a changed file in force; a bad one is rejected whole")
    func reloads() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon()
        let watch = try await daemon.watch()
        _ = try await alpha.publish("other", "_openai._tcp", 8000)
        let more = """
          [[backends]]
          name = "configured"
          url = "http://192.0.2.7:8000"
          """
        let types = #"service_types = ["_ollama._tcp", "_openai._tcp"]"#
        try await beta.write(
          Daemon.configuration(discovery: types, more: more), to: "/run/nexus.toml")
        try await beta.signal("HUP", daemon.process)
        try await daemon.logged("config_reloaded")
        try await watch.change("added", of: "configured")
        try await watch.change("added", of: "other")

        try await beta.write(
          Daemon.configuration(discovery: "nonsense = 1"), to: "/run/nexus.toml")
        try await beta.signal("HUP", daemon.process)
        let rejected = try await daemon.logged("config_rejected")
        #expect(rejected["level"] == "error")
        let names = try await daemon.list().map(\.name)
        #expect(Set(names) == ["configured", "other"])

        try await beta.write(Daemon.configuration(), to: "/run/nexus.toml")
        try await beta.signal("HUP", daemon.process)
        try await watch.change("removed", of: "configured")
        try await watch.change("disappeared", of: "other")
      }
    }
  }
}
