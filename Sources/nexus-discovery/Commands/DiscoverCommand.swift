import DiscoveryCore

/// What `discover` was told.
package struct DiscoverOptions: Hashable, Sendable {
  /// How long to listen.
  package var timeout: Duration
  /// Kinds of server to show; all when it is empty.
  package var types: [BackendType]
  /// Service types to look for; the usual ones when it is empty.
  package var serviceTypes: [ServiceType]
  package var json: Bool

  package init(_ arguments: ParsedArguments) {
    timeout =
      arguments.value(of: DiscoverCommand.timeout).flatMap { Double($0) }
      .map { Duration.seconds($0) } ?? DiscoverCommand.standardTimeout
    let names = arguments.values(of: DiscoverCommand.type)
    types = names.compactMap { BackendType(named: $0) }
    serviceTypes = names.filter { $0.hasPrefix("_") }.compactMap { try? ServiceType(parsing: $0) }
    json = arguments.has(.json)
  }
}

package enum DiscoverCommand {
  package static let standardTimeout = Duration.seconds(5)

  package static let timeout = CommandOption(
    "timeout", value: OptionValue("SECONDS", .seconds(atMost: 3600)), help: "how long to listen",
    standard: "5")
  package static let type = CommandOption(
    "type", value: OptionValue("TYPE", .backendOrServiceType),
    help: "only servers of this type", isRepeatable: true)

  package static let command = Command(
    "discover", group: .network, summary: "listens to the LAN once and prints each server found",
    details: ["It needs no daemon, only avahi-daemon. Finding nothing is no failure."],
    options: [timeout, type, .json],
    examples: [
      Command.Example("discover", "what is there within 5 seconds"),
      Command.Example("discover --timeout 1 --type ollama --type vllm", "two types, quickly"),
      Command.Example("discover --json", "the same for scripts: an array"),
    ],
    statuses: [.failed],
    run: { arguments, console in try await runDiscover(DiscoverOptions(arguments), console) })
}
