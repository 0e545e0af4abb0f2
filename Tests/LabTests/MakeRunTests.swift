import Foundation
import Testing

extension LabTests {
  @Suite("make run", .timeLimit(.minutes(5)))
  struct MakeRun {
    /// The package's folder.
    private static let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    @Test(
      "on a machine where nothing runs it starts all that is needed, and Ctrl-C ends it all",
      .enabled(
        if: FileManager.default.fileExists(atPath: root + "/nexus.toml"),
        "there is no nexus.toml yet"))
    func makeRun() async throws {
      try await withLab { lab in
        let host = try await lab.bareHost("alone", on: [try await lab.lan()])
        // The program is built already: "-o build" leaves it as it is.
        let make = try host.spawn(
          [
            "setsid", "make", "--no-print-directory", "-C", Self.root, "-o", "build", "run",
            "BINARY=\(LabAvailability.binary)",
          ], environment: ["STATE_DIRECTORY": "/run/state"])
        try await make.line(containing: "\(LabAvailability.binary) list")
        let service = try await host.publish("mine", "_ollama._tcp", 11434)
        let found = try await eventually(within: .seconds(40), "its own service in the list") {
          let result = try await host.run([LabAvailability.binary, "list", "--json"])
          guard result.status == .status(0) else { return [ListedBackend]?.none }
          let list = try LabJSON.decode([ListedBackend].self, from: result.output)
          return list.isEmpty ? nil : list
        }
        #expect(found.map(\.name) == ["mine"])
        #expect(found.map(\.local) == [true])

        try await host.interrupt(make)
        try await make.exit(within: .seconds(30))
        try await service.process.exit()
        // Command lines: what has ended has none, even while nobody has collected it.
        let left = try await host.succeed("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        for name in ["dbus-daemon", "avahi-daemon", "nexus-discovery"] {
          #expect(!left.contains(name))
        }
      }
    }
  }
}
