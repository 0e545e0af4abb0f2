import Foundation
import Testing

extension LabTests {
  @Suite("Bad input", .timeLimit(.minutes(5)))
  struct BadInput {
    struct BadFile: Sendable, CustomTestStringConvertible {
      let testDescription: String
      let text: String
      /// Line and column, then something that the message must say.
      let place: String
      let words: String
    }

    private static let files = [
      BadFile(
        testDescription: "an unknown key", text: "[discovery]\ngrace_perod_seconds = 3\n",
        place: "2:1", words: "grace_period_seconds"),
      BadFile(
        testDescription: "a wrong type", text: "[discovery]\ngrace_period_seconds = \"3\"\n",
        place: "2:24", words: "grace_period_seconds"),
      BadFile(
        testDescription: "a bad URL", text: "[[backends]]\nname = \"a\"\nurl = \"gpu1:11434\"\n",
        place: "3:7", words: "http://"),
      BadFile(
        testDescription: "a duplicate name",
        text: """
          [[backends]]
          name = "a"
          url = "http://10.0.0.5:11434"
          [[backends]]
          name = "a"
          url = "http://10.0.0.6:11434"

          """,
        place: "5:8", words: "\"a\""),
      BadFile(
        testDescription: "a port of 0",
        text: "[[backends]]\nname = \"a\"\nurl = \"http://10.0.0.5:0\"\n",
        place: "3:7", words: "port"),
      BadFile(
        testDescription: "a port of 70000",
        text: "[[backends]]\nname = \"a\"\nurl = \"http://10.0.0.5:70000\"\n",
        place: "3:7", words: "port"),
      BadFile(
        testDescription: "no TOML", text: "[discovery\n", place: "1:11", words: "]"),
    ]

    @Test("a bad nexus.toml: a message with its place, status 78, nothing started")
    func badFiles() async throws {
      try await withLab { lab in
        let host = try await lab.bareHost("beta", on: [])
        var messages: Set<String> = []
        for file in Self.files {
          try await host.write(file.text, to: "/run/nexus.toml")
          for command in [["serve", "--config"], ["check-config"]] {
            let result = try await host.run(
              [LabAvailability.binary] + command + ["/run/nexus.toml"])
            let said = result.errors
            #expect(result.status == .status(78), "\(file.testDescription)")
            #expect(said.contains("/run/nexus.toml:\(file.place)"), "\(file.testDescription)")
            #expect(said.contains(file.words), "\(file.testDescription)")
            messages.insert(said)
          }
        }
        #expect(messages.count >= Self.files.count)
        #expect(try await host.succeed("ls", "/run/nexus-discovery") == "")
      }
    }

    @Test("a named file that is missing is an error, status 78")
    func missingFile() async throws {
      try await withLab { lab in
        let host = try await lab.bareHost("beta", on: [])
        let result = try await host.run(
          [LabAvailability.binary, "serve", "--config", "/run/none.toml"])
        #expect(result.status == .status(78))
        #expect(result.errors.contains("/run/none.toml"))
      }
    }

    @Test("check-config prints every problem")
    func everyProblem() async throws {
      try await withLab { lab in
        let host = try await lab.bareHost("beta", on: [])
        try await host.write(
          "[discovery]\ngrace_perod_seconds = 3\nipv6 = 1\n", to: "/run/nexus.toml")
        let result = try await host.run(
          [LabAvailability.binary, "check-config", "/run/nexus.toml"])
        #expect(result.status == .status(78))
        #expect(result.errors.contains("/run/nexus.toml:2:1"))
        #expect(result.errors.contains("/run/nexus.toml:3:8"))
      }
    }

    @Test(
      "wrong usage: usage on stderr, status 2",
      arguments: [["serve", "--nonsense"], ["list", "--type"], ["nonsense"], ["show"]])
    func wrongUsage(_ arguments: [String]) async throws {
      try await withLab { lab in
        let host = try await lab.bareHost("beta", on: [])
        let result = try await host.run([LabAvailability.binary] + arguments)
        #expect(result.status == .status(2))
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("nexus-discovery: "))
        #expect(result.errors.lowercased().contains("usage"))
      }
    }

    @Test(
      "no daemon: one clear line, status 3",
      arguments: ["list", "watch", "status", "refresh"])
    func noDaemon(_ command: String) async throws {
      try await withLab { lab in
        let host = try await lab.bareHost("beta", on: [])
        let result = try await host.run([LabAvailability.binary, command])
        #expect(result.status == .status(3))
        #expect(result.output == "")
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.hasPrefix("nexus-discovery: "))
        #expect(result.errors.contains(Daemon.socket))
      }
    }
  }
}
