package enum WatchCommand {
  package static let command = Command(
    "watch", group: .network, summary: "prints a line for each change as it happens",
    details: [
      "First comes one line (\"present\") for each backend that is there, then added, updated,"
        + " disappeared, reappeared, removed, and each change of health. It goes on until it is"
        + " interrupted (Ctrl-C, as SIGINT: 130 to the shell) or the daemon ends (3)."
    ],
    options: [.json, .socket],
    examples: [
      Command.Example("watch", "for people"),
      Command.Example("watch --json", "JSON Lines: {\"event\":…,\"revision\":…,\"backend\":{…}}"),
    ],
    statuses: [.failed, .noDaemon], run: run)

  @Sendable private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws -> ExitStatus {
    let client = DaemonClient(arguments, console)
    let terminal = console.terminal
    var lines = WatchLines(
      form: arguments.has(.json)
        ? .json : .text(width: terminal.width, styled: terminal.hasColor))
    console.endProcessWhenUnread()
    try client.watch { event, id, data in
      try console.write(lines: lines.lines(event: event, id: id, data: data, now: console.now))
    }
    return .done
  }
}
