import APIModel
import DiscoveryCore

package enum ShowCommand {
  package static let command = Command(
    "show", group: .network, summary: "shows one backend with all that is known of it",
    details: [
      "The name may be in any case, and the id may be cut to its first 4 characters or more,"
        + " as long as only one backend fits."
    ],
    operand: Operand(
      OptionValue("NAME|ID", .backend), help: "the backend, as list names it", isRequired: true),
    options: [.json, .socket],
    examples: [
      Command.Example("show gpu-box-02", "by name"),
      Command.Example("show 2f1c88aa --json", "by the start of its id, for scripts"),
    ],
    statuses: [.failed, .noDaemon], run: run)

  @Sendable private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws -> ExitStatus {
    let wanted = arguments.operand ?? ""
    let client = DaemonClient(arguments, console)
    let answer = try client.backends()
    let backends = try answer.read(BackendDocument.self)
    let index = try BackendSearch.index(of: wanted, among: backends)
    if arguments.has(.json) {
      try console.write(String(decoding: answer.elements[index].source, as: UTF8.self) + "\n")
    } else {
      let fields = BackendDetails.fields(
        of: backends[index], sources: try client.status().document.sources,
        now: console.now)
      try console.write(lines: fields.lines(styled: console.terminal.hasColor))
    }
    return .done
  }
}
