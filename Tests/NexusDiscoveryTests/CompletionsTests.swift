import Foundation
import Testing

@testable import nexus_discovery

@Suite("completions")
struct CompletionsTests {
  static let scripts = [
    ("bash", BashCompletions.script), ("zsh", ZshCompletions.script),
    ("fish", FishCompletions.script),
  ]

  @Test("know every command, option and value", arguments: scripts)
  func complete(shell: String, script: String) {
    for command in CommandList.all {
      #expect(script.contains(command.name))
      for option in command.allOptions {
        #expect(script.contains(shell == "fish" ? "-l \(option.name)" : "--\(option.name)"))
        for name in option.value?.rule.names ?? [] { #expect(script.contains(name)) }
      }
    }
  }

  @Test("are printed by the command of that name", arguments: scripts)
  func printed(shell: String, script: String) async {
    let run = await ToolRun(["completions", shell])
    #expect(run.output == script)
    #expect(run.status == .done)
  }

  @Test("parse in the shell they are for, where it is installed", arguments: scripts)
  func parse(shell: String, script: String) throws {
    guard let path = Self.path(of: shell) else { return }
    let result = try Self.run(path, ["-n"], input: script)
    #expect(result.errors == "")
    #expect(result.status == 0)
  }

  @Test(
    "complete in bash",
    arguments: [
      ("nexus-discovery|l", "list"), ("nexus-discovery|m", "models"),
      ("nexus-discovery|list|--s", "--status --source --socket"),
      ("nexus-discovery|list|--status|he", "healthy"),
      ("nexus-discovery|list|--status|=|un", "unknown unhealthy"),
      ("nexus-discovery|list|--status|=", "unknown healthy unhealthy"),
      ("nexus-discovery|discover|--type|_o", "_ollama._tcp"),
      ("nexus-discovery|completions|", "bash zsh fish"), ("nexus-discovery|--v", "--version"),
      ("nexus-discovery|list|--model|", ""), ("nexus-discovery|show|dot", #"dot.ted\ box"#),
      ("nexus-discovery|show|$", #"\$\(exit\ 9\)"#),
    ])
  func bash(words: String, replies: String) throws {
    let script = """
      tool() { printf '%s\\n' 'dot.ted box' '$(exit 9)'; }
      \(BashCompletions.script)
      IFS='|' read -r -a COMP_WORDS <<<"$1"
      [[ $1 == *'|' ]] && COMP_WORDS+=("")
      COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      _nexus_discovery tool
      echo "${COMPREPLY[*]}"
      """
    let result = try Self.run("/bin/bash", ["-u", "-c", script, "bash", words], input: "")
    #expect(result.errors == "")
    #expect(result.output == replies + "\n")
  }

  @Test(
    "complete in fish, where it is installed",
    arguments: [
      ("nexus-discovery l", "list"), ("nexus-discovery list --st", "--status"),
      ("nexus-discovery list --status he", "healthy"),
      ("nexus-discovery help check", "check-config"),
    ])
  func fish(line: String, reply: String) throws {
    guard let path = Self.path(of: "fish") else { return }
    let result = try Self.run(
      path, ["--no-config"], input: FishCompletions.script + "\ncomplete -C '\(line)'\n")
    #expect(
      result.output.split(separator: "\n").map { $0.split(separator: "\t")[0] } == [reply[...]])
  }

  private static func path(of shell: String) -> String? {
    ["/bin/\(shell)", "/usr/bin/\(shell)"].first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
  }

  private static func run(
    _ path: String, _ arguments: [String], input: String
  ) throws -> (status: Int32, output: String, errors: String) {
    let script = FileManager.default.temporaryDirectory
      .appendingPathComponent("completions-\(UUID().uuidString)")
    try Data(input.utf8).write(to: script)
    defer { try? FileManager.default.removeItem(at: script) }
    let (output, errors) = (Pipe(), Pipe())
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments + (input.isEmpty ? [] : [script.path])
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let (text, complaints) = (
      output.fileHandleForReading.readDataToEndOfFile(),
      errors.fileHandleForReading.readDataToEndOfFile()
    )
    process.waitUntilExit()
    return (
      process.terminationStatus, String(decoding: text, as: UTF8.self),
      String(decoding: complaints, as: UTF8.self)
    )
  }
}
