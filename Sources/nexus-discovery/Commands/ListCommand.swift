import APIModel
import DiscoveryCore

package enum ListCommand {
  private static let type = CommandOption(
    "type", value: OptionValue("TYPE", .backendType), help: "only backends of this type",
    isRepeatable: true)
  private static let status = CommandOption(
    "status", value: OptionValue("STATUS", .oneOf(BackendStatus.allCases.map(\.rawValue))),
    help: "only backends of this status", isRepeatable: true)
  private static let source = CommandOption(
    "source", value: OptionValue("SOURCE", .oneOf(SourceKind.allCases.map(\.rawValue))),
    help: "only backends that this source knows", isRepeatable: true)
  private static let model = CommandOption(
    "model", value: OptionValue("MODEL"), help: "only backends that serve this model",
    isRepeatable: true)
  private static let names = CommandOption(
    "names", help: "print only the names, one a line")

  private static let filters = [type, status, source, model]

  package static let command = Command(
    "list", group: .network, summary: "shows the backends that the daemon knows",
    details: [
      "The preferred ones come first. \"12s left\" counts down the grace period of a backend that"
        + " is gone; \"stale\" is one not seen since its source went or the daemon started.",
      "The values of one option are alternatives; different options must all hold.",
    ],
    options: filters + [names, .json, .socket],
    examples: [
      Command.Example("list", "all of them"),
      Command.Example("list --status healthy --model llama3:8b", "who can serve a model"),
      Command.Example("list --json", "the same for scripts: an array of backends"),
    ],
    statuses: [.failed, .noDaemon], run: run)

  @Sendable private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws -> ExitStatus {
    guard !arguments.has(names) || !arguments.has(.json) else {
      throw UsageError("options \"--names\" and \"--json\" exclude each other")
    }
    let query = filters.flatMap { option in
      arguments.values(of: option).map { (option.name, $0) }
    }
    let answer = try DaemonClient(arguments, console).backends(query: query)
    if arguments.has(.json) {
      try console.write(String(decoding: answer.bytes, as: UTF8.self))
      try console.write("\n")
    } else if arguments.has(names) {
      try console.write(
        lines: try answer.read(ListedBackend.self).map { PlainText.cleaned($0.name) })
    } else if answer.elements.isEmpty {
      console.writeError(query.isEmpty ? "no backends\n" : "no backend matches\n")
    } else {
      try console.write(
        lines: BackendTable.table(of: try answer.read(ListedBackend.self), now: console.now)
          .lines(width: console.terminal.width, styled: console.terminal.hasColor))
    }
    return .done
  }
}
