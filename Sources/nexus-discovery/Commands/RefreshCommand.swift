package enum RefreshCommand {
  package static let command = Command(
    "refresh", group: .daemon, summary: "makes the daemon ask the network again now",
    details: ["It returns at once; see with list or watch what comes of it."],
    options: [.socket],
    examples: [Command.Example("refresh", "when a server should be there and is not")],
    statuses: [.failed, .noDaemon],
    run: { arguments, console in
      try DaemonClient(arguments, console).refresh()
      return .done
    })
}
