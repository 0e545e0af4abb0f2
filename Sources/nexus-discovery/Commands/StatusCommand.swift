package enum StatusCommand {
  package static let command = Command(
    "status", group: .daemon, summary: "shows how the daemon and its sources are",
    options: [.json, .socket],
    examples: [
      Command.Example("status", "version, uptime, each source, counts"),
      Command.Example("status --json", "the same for scripts"),
    ],
    statuses: [.failed, .noDaemon], run: run)

  @Sendable private static func run(
    _ arguments: ParsedArguments, _ console: Console
  ) throws -> ExitStatus {
    let client = DaemonClient(arguments, console)
    let answer = try client.status()
    if arguments.has(.json) {
      try console.write(String(decoding: answer.json, as: UTF8.self) + "\n")
      return .done
    }
    let terminal = console.terminal
    let fields = StatusReport.fields(of: answer.document, socket: client.socket, now: console.now)
    let sources = StatusReport.sources(of: answer.document, now: console.now)
    let announcements = StatusReport.announcements(of: answer.document)
      .map { [""] + $0.lines(width: terminal.width, styled: terminal.hasColor) }
    let limits = StatusReport.limits(of: answer.document)
    try console.write(
      lines: fields.lines(styled: terminal.hasColor) + [""]
        + sources.lines(width: terminal.width, styled: terminal.hasColor)
        + (announcements ?? []) + (limits.isEmpty ? [] : [""] + limits))
    return .done
  }
}
