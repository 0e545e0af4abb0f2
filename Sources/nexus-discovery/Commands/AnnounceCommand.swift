import DiscoveryCore

/// What `announce` was told.
package struct AnnounceOptions: Hashable, Sendable {
  package var service: AnnouncedService
  package var json: Bool

  /// - Throws: `UsageError` when the attributes do not make a TXT record.
  package init(_ arguments: ParsedArguments) throws(UsageError) {
    let given = arguments.values(of: AnnounceCommand.txt)
    let txt: TXTRecord
    do throws(TextProblem) {
      var attributes: [TXTRecord.Attribute] = []
      for text in given { attributes.append(try ServiceRules.attribute(text)) }
      txt = try ServiceRules.txt(attributes)
    } catch {
      throw UsageError(error.message(at: "the attributes of --txt"))
    }
    guard let name = arguments.value(of: AnnounceCommand.name),
      let type = arguments.value(of: AnnounceCommand.type).flatMap({ try? ServiceRules.type($0) }),
      let port = arguments.value(of: AnnounceCommand.port).flatMap({ UInt16($0) })
    else { throw UsageError("--name, --type and --port are needed") }
    service = AnnouncedService(name: name, type: type, port: port, txt: txt)
    json = arguments.has(.json)
  }
}

package enum AnnounceCommand {
  package static let name = CommandOption(
    "name", value: OptionValue("NAME", .instanceName),
    help: "the instance name; %h in it is this host's name, %% a percent sign", isRequired: true)
  package static let type = CommandOption(
    "type", value: OptionValue("TYPE", .serviceType), help: "the service type, as in _ollama._tcp",
    isRequired: true)
  package static let port = CommandOption(
    "port", value: OptionValue("PORT", .servicePort), help: "the TCP or UDP port", isRequired: true)
  package static let txt = CommandOption(
    "txt", value: OptionValue("KEY=VALUE", .txtAttribute),
    help: "an attribute of the TXT record; KEY alone is one without a value", isRepeatable: true)

  package static let command = Command(
    "announce", group: .network,
    summary: "announces a service of this machine until it is interrupted",
    details: [
      "It needs no daemon, only avahi-daemon, and does not look whether the port answers. It prints a"
        + " line when the service is on the air, with the name that it really has: where another has"
        + " the name, it gets \" #2\" and so on behind it. Lines also tell when the service is lost or"
        + " refused, and when avahi-daemon is gone or back, which it waits for.",
      "SIGINT (Ctrl-C) and SIGTERM end it with a goodbye. Names, types, ports and attributes are held"
        + " to RFC 6763 and RFC 6335.",
    ],
    options: [name, type, port, txt, .json],
    examples: [
      Command.Example(
        "announce --name %h --type _ollama._tcp --port 11434", "an Ollama under this host's name"),
      Command.Example(
        "announce --name rack --type _llm._tcp --port 8000 --txt gpu=2",
        "with a TXT record"),
      Command.Example(
        "announce --name rack --type _llm._tcp --port 8000 --json",
        "JSON Lines: {\"event\":\"announced\",\"instance\":\"rack\",…}"),
    ],
    statuses: [.failed],
    run: { arguments, console in try await runAnnounce(AnnounceOptions(arguments), console) })
}
