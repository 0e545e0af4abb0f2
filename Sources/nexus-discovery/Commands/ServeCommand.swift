import DiscoveryCore

/// What `serve` was told; nil where the configuration decides.
package struct ServeOptions: Hashable, Sendable {
  /// Path of the configuration file.
  package var config: String?
  package var noDiscovery: Bool
  /// Path of the Unix socket.
  package var socket: String?
  /// Directory of state.json.
  package var stateDirectory: String?
  /// Where the TCP listener is.
  package var host: ListenHost?
  package var port: Int?
  package var logLevel: LogLevel?
  package var logFormat: LogFormat?

  package init(_ arguments: ParsedArguments) {
    config = arguments.value(of: ServeCommand.config)
    noDiscovery = arguments.has(ServeCommand.noDiscovery)
    socket = arguments.value(of: ServeCommand.socket)
    stateDirectory = arguments.value(of: ServeCommand.stateDirectory)
    host = arguments.value(of: ServeCommand.host).flatMap { try? ListenHost(parsing: $0) }
    port = arguments.value(of: ServeCommand.port).flatMap { Int($0) }
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
  package static let host = CommandOption(
    "host", value: OptionValue("HOST", .listenHost),
    help: "the IP address to serve HTTP at, or \"\" for none; needs \"allow_remote\" in the"
      + " configuration where other machines reach it",
    standard: "as the configuration says, else \(ServerSettings().host)")
  package static let port = CommandOption(
    "port", value: OptionValue("N", .integer(1...65_535)), help: "the port to serve HTTP at",
    standard: "as the configuration says, else \(ServerSettings().port)")
  package static let stateDirectory = CommandOption(
    "state-dir", value: OptionValue("DIR", .path),
    help: "where to keep what is known over restarts",
    standard: "$STATE_DIRECTORY, else \(StateDirectory.standardPath)")
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
    options: [config, noDiscovery, socket, host, port, stateDirectory, logLevel, logFormat],
    examples: [
      Command.Example("serve", "with the machine's configuration"),
      Command.Example(
        "serve --config nexus.toml --log-level debug", "with another, and tell more"),
    ],
    statuses: [.failed, .badConfiguration],
    run: { arguments, console in try await runServe(ServeOptions(arguments), console) })
}
