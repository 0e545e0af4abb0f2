import DiscoveryCore

/// What `serve` was told; nil where the configuration decides.
package struct ServeOptions: Hashable, Sendable {
  /// Path of the configuration file.
  package var config: String?
  package var noDiscovery: Bool
  /// Path of the Unix socket.
  package var socket: String?
  package var logLevel: LogLevel?
  package var logFormat: LogFormat?

  package init(_ arguments: ParsedArguments) {
    config = arguments.value(of: ServeCommand.config)
    noDiscovery = arguments.has(ServeCommand.noDiscovery)
    socket = arguments.value(of: ServeCommand.socket)
    logLevel = arguments.value(of: ServeCommand.logLevel).flatMap(LogLevel.init)
    logFormat = arguments.value(of: ServeCommand.logFormat).flatMap(LogFormat.init)
  }
}

package enum ServeCommand {
  package static let config = CommandOption(
    "config", value: OptionValue("PATH", .path), help: "the configuration file",
    standard: "$NEXUS_CONFIG, else /etc/nexus/nexus.toml")
  package static let noDiscovery = CommandOption(
    "no-discovery", help: "static backends only: do not listen to the network")
  package static let socket = CommandOption(
    "socket", value: OptionValue("PATH", .path), help: "where to listen for clients",
    standard: "as the configuration says, else \(Product.socket)")
  package static let logLevel = CommandOption(
    "log-level", value: OptionValue("LEVEL", .oneOf(LogLevel.allCases.map(\.rawValue))),
    help: "the least grave lines to log", standard: "as the configuration says, else info")
  package static let logFormat = CommandOption(
    "log-format", value: OptionValue("FORMAT", .oneOf(LogFormat.allCases.map(\.rawValue))),
    help: "the shape of log lines", standard: "as the configuration says, else auto")

  package static let command = Command(
    "serve", group: .daemon, summary: "runs the daemon in the foreground",
    details: [
      "It logs to the journal under systemd, else to standard error. SIGHUP reloads the"
        + " configuration, SIGTERM or Ctrl-C ends it."
    ],
    options: [config, noDiscovery, socket, logLevel, logFormat],
    examples: [
      Command.Example("serve", "with the machine's configuration"),
      Command.Example(
        "serve --config nexus.toml --log-level debug", "with another, and tell more"),
    ],
    statuses: [.failed, .badConfiguration],
    run: { arguments, console in try await runServe(ServeOptions(arguments), console) })
}
