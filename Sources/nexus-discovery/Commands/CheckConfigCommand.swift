/// What `check-config` was told.
package struct CheckConfigOptions: Hashable, Sendable {
  /// The file; nil for the one that `serve` would read.
  package var path: String?

  package init(_ arguments: ParsedArguments) {
    path = arguments.operand
  }
}

package enum CheckConfigCommand {
  package static let command = Command(
    "check-config", group: .daemon,
    summary: "checks a configuration file and prints every problem in it",
    details: [
      "Without PATH it checks the file that serve would read: $NEXUS_CONFIG, else"
        + " /etc/nexus/nexus.toml.",
      "The files that backends name for keys and certificates are read too, as the user who runs"
        + " this: run it as the daemon's user to know that the daemon can read them.",
    ],
    operand: Operand(OptionValue("PATH", .path), help: "the file to check", isRequired: false),
    examples: [
      Command.Example("check-config", "the machine's configuration"),
      Command.Example("check-config ./nexus.toml", "a file before it is installed"),
    ],
    statuses: [.failed, .badConfiguration],
    run: { arguments, console in try runCheckConfig(CheckConfigOptions(arguments), console) })
}
