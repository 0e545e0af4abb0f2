import DiscoveryCore

package enum WatchCommand {
  package static let command = Command(
    "watch", group: .network, summary: "prints a line for each change as it happens",
    details: [
      "First comes one line (\"present\") for each backend that is there, then added, updated,"
        + " disappeared, reappeared, removed, and each change of health. It goes on until it is"
        + " interrupted (Ctrl-C, as SIGINT: 130 to the shell) or nobody reads it any more.",
      "When the daemon ends or hangs, it says so on standard error, waits until the daemon is back"
        + " and goes on: what changed meanwhile comes as the same kinds of line, \"present\" never"
        + " again. A backend that was only seen or checked again has no line. Adding up all the"
        + " lines always gives what the daemon lists.",
    ],
    options: [.json, .socket],
    examples: [
      Command.Example("watch", "for people"),
      Command.Example("watch --json", "JSON Lines: {\"event\":…,\"revision\":…,\"backend\":{…}}"),
    ],
    statuses: [.failed, .noDaemon], run: run)

  @Sendable private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) async throws -> ExitStatus {
    let client = DaemonClient(arguments, console)
    let terminal = console.terminal
    var lines = WatchLines(
      form: arguments.has(.json)
        ? .json : .text(width: terminal.width, styled: terminal.hasColor))
    var delay = ReconnectDelay()
    var random = SystemRandomNumberGenerator()
    var lastID: String?
    var isAway = false
    console.endProcessWhenUnread()
    while true {
      var opened: Uptime?
      do {
        // Before that its list is not whole: what is missing yet would be told as removed.
        if isAway { try client.requireReady() }
        try client.watch(after: lastID) {
          opened = console.uptime
          if isAway { console.complain("the daemon at \(client.socket) is back") }
          isAway = false
        } onEvent: { event, id, data in
          lastID = id ?? lastID
          try console.write(lines: lines.lines(event: event, id: id, data: data, now: console.now))
        }
      } catch let gone as DaemonGone {
        guard lastID != nil else { throw gone.failure }
      }
      if !isAway { console.complain("the daemon at \(client.socket) is gone; waiting for it") }
      isAway = true
      if let opened { delay.connectionLasted(opened.duration(to: console.uptime)) }
      try await console.sleep(for: delay.next(using: &random))
    }
  }
}
