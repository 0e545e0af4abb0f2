import APIModel
import DiscoveryCore

package enum AddCommand {
  private static let name = CommandOption(
    "name", value: OptionValue("NAME", .backendName), help: "what to call it",
    standard: "the URL's host")
  private static let type = CommandOption(
    "type", value: OptionValue("TYPE", .backendType), help: "what kind of server it is",
    standard: "what it turns out to be")
  private static let priority = CommandOption(
    "priority", value: OptionValue("N", .integer(BackendRules.priorities)),
    help: "lower is preferred", standard: "1, while servers from the network get 50")

  package static let command = Command(
    "add", group: .daemon, summary: "adds a backend to those that the daemon knows",
    details: [
      "It stays over restarts until it is removed, whatever the network says. For root, the daemon's"
        + " own user and members of the group \(Product.name).",
      "A URL that was added before is changed in what the options say. A server that stands in"
        + " nexus.toml is refused: what stands there wins.",
    ],
    operand: Operand(
      OptionValue("URL", .backendURL), help: "where it is, as in http://10.0.0.5:11434",
      isRequired: true),
    options: [name, type, priority, .json, .socket],
    examples: [
      Command.Example("add http://10.0.0.5:11434", "called 10.0.0.5; its type is found out"),
      Command.Example(
        "add https://llm.example.org/v1 --name rack --priority 10", "with a name of its own"),
    ],
    statuses: [.failed, .noDaemon], run: run)

  @Sendable private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws -> ExitStatus {
    let wish = NewBackendDocument(
      url: arguments.operand ?? "", name: arguments.value(of: name),
      type: arguments.value(of: type),
      priority: arguments.value(of: priority).flatMap { Int($0) })
    let answer = try DaemonClient(arguments, console).add(wish)
    if arguments.has(.json) {
      try console.write(String(decoding: answer.json, as: UTF8.self) + "\n")
    } else {
      let backend = answer.document
      let what = answer.isNew ? "added" : "changed"
      try console.write(PlainText.cleaned("\(what) \(backend.name) at \(backend.url)") + "\n")
    }
    return .done
  }
}
