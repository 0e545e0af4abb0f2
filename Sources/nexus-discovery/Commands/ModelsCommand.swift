import APIModel
import DiscoveryCore

package enum ModelsCommand {
  private static let type = CommandOption(
    "type", value: OptionValue("TYPE", .backendType),
    help: "only what backends of this type serve", isRepeatable: true)

  package static let command = Command(
    "models", group: .network, summary: "shows every model and who serves it",
    details: [
      "Only backends that answer their health checks count, the preferred one first. After them come,"
        + " as \"unknown\", those that no check has spoken of yet: what they have is their own word.",
      "list --model shows all backends that are said to have a model, whatever their status.",
    ],
    options: [type, .json, .socket],
    examples: [
      Command.Example("models", "all of them"),
      Command.Example("models --type vllm", "what the servers of one type have"),
      Command.Example(
        "models --json", "for scripts: an array in OpenAI's form, with the ids of backends"),
    ],
    statuses: [.failed, .noDaemon], run: run)

  @Sendable private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws -> ExitStatus {
    let query = arguments.values(of: type).map { (type.name, $0) }
    let client = DaemonClient(arguments, console)
    let answer = try client.models(query: query)
    if arguments.has(.json) {
      try console.write(String(decoding: answer.bytes, as: UTF8.self) + "\n")
    } else if answer.elements.isEmpty {
      console.writeError(query.isEmpty ? "no models\n" : "no model matches\n")
    } else {
      let backends = try client.backends().read(BackendDocument.self)
      try console.write(
        lines: ModelTable.table(of: try answer.read(ModelDocument.self), servedBy: backends)
          .lines(width: console.terminal.width, styled: console.terminal.hasColor))
    }
    return .done
  }
}
