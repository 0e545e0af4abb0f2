/// One command of the tool: a table that parsing, help, completions and hints read, and its work.
package struct Command: Sendable {
  /// Under which heading the tool's help lists it.
  package enum Group: String, CaseIterable, Sendable {
    case network = "The network"
    case daemon = "The daemon"
    case tool = "The tool"
  }

  /// A command line to show, and what it does.
  package struct Example: Sendable {
    package let line: String
    package let meaning: String

    package init(_ line: String, _ meaning: String) {
      self.line = line
      self.meaning = meaning
    }
  }

  package let name: String
  package let group: Group
  /// What it does, as one sentence without its subject, capital and full stop.
  package let summary: String
  /// What else there is to know: paragraphs, wrapped by help.
  package let details: [String]
  package let operand: Operand?
  /// Its own options; `--help` comes with every command.
  package let options: [CommandOption]
  package let examples: [Example]
  /// The exit statuses that it can end with, besides 0 and 2.
  package let statuses: [ExitStatus]
  package let run: @Sendable (ParsedArguments, Console) async throws -> ExitStatus

  package init(
    _ name: String, group: Group, summary: String, details: [String] = [],
    operand: Operand? = nil, options: [CommandOption] = [], examples: [Example],
    statuses: [ExitStatus],
    run: @escaping @Sendable (ParsedArguments, Console) async throws -> ExitStatus
  ) {
    self.name = name
    self.group = group
    self.summary = summary
    self.details = details
    self.operand = operand
    self.options = options
    self.examples = examples
    self.statuses = statuses
    self.run = run
  }

  /// Every option that it understands.
  package var allOptions: [CommandOption] { options + [.help] }

  /// The words of its usage, each to stay on one line: `[--json]`, `NAME|ID`.
  package var usageWords: [String] {
    options.map(\.usage) + (operand.map { [$0.usage] } ?? [])
  }

  /// Its usage on one line.
  package var usage: String {
    (["\(Product.name) \(name)"] + usageWords).joined(separator: " ")
  }
}

extension CommandOption {
  package static let help = CommandOption("help", letter: "h", help: "show this help")
  package static let version = CommandOption("version", letter: "V", help: "show the version")

  package static let json = CommandOption("json", help: "print JSON, for scripts")

  /// Where client commands find the daemon.
  package static let socket = CommandOption(
    "socket", value: OptionValue("PATH", .path), help: "the daemon's Unix socket",
    standard: "$NEXUS_SOCKET, else \(Product.socket)")
}
