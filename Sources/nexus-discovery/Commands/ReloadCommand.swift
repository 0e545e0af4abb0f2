package enum ReloadCommand {
  package static let command = Command(
    "reload", group: .daemon, summary: "makes the daemon read its configuration again",
    details: [
      "It returns when the configuration is in force. One with a mistake is refused whole: every"
        + " problem is printed, and the old one stays in force (78).",
      "For root, the daemon's own user and members of the group \(Product.name). SIGHUP does the"
        + " same without a word.",
    ],
    options: [.socket],
    examples: [Command.Example("reload", "after an edit of nexus.toml")],
    statuses: [.failed, .noDaemon, .badConfiguration],
    run: { arguments, console in
      let problems = try DaemonClient(arguments, console).reload()
      for problem in problems { console.complain(problem) }
      return problems.isEmpty ? .done : .badConfiguration
    })
}
