import APIModel
import DiscoveryCore

package enum RemoveCommand {
  package static let command = Command(
    "remove", group: .daemon, summary: "removes a backend that was added",
    details: [
      "What stands in nexus.toml or is announced on the network stays. For root, the daemon's own"
        + " user and members of the group \(Product.name).",
      "The name may be in any case, and the id may be cut to its first 4 characters or more,"
        + " as long as only one backend fits.",
    ],
    operand: Operand(
      OptionValue("NAME|ID", .backend), help: "the backend, as list names it", isRequired: true),
    options: [.socket],
    examples: [
      Command.Example("remove rack", "by name"),
      Command.Example("remove 2f1c88aa", "by the start of its id"),
    ],
    statuses: [.failed, .noDaemon], run: run)

  @Sendable private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws -> ExitStatus {
    let client = DaemonClient(arguments, console)
    let wanted = arguments.operand ?? ""
    let backends = try client.backends().read(BackendDocument.self)
    let index: Int
    do {
      index = try BackendSearch.index(of: wanted, among: backends)
    } catch {
      // What was added may be one with another, whose name is shown.
      let isShown = backends.contains { $0.name.lowercased() == wanted.lowercased() }
      guard !isShown, try client.remove(wanted) else { throw error }
      return try done(wanted, console)
    }
    guard try client.remove(backends[index].id) else {
      throw CommandFailure("\"\(backends[index].name)\" is gone already")
    }
    return try done(backends[index].name, console)
  }

  private static func done(_ name: String, _ console: Console) throws -> ExitStatus {
    try console.write(PlainText.cleaned("removed \(name)") + "\n")
    return .done
  }
}
