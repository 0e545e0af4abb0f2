import APIModel
import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import nexus_discovery

@Suite("announce", .timeLimit(.minutes(5)))
struct AnnounceCommandTests {
  private static let good = ["--name", "box", "--type", "_ollama._tcp", "--port", "11434"]
  private static let service = AnnouncedService(
    name: "%h", type: .of("_ollama._tcp"), port: 11434, txt: TXTRecord())

  @Test("takes a service apart as it is to be announced")
  func options() throws {
    let arguments = try ParsedArguments(
      [
        "--name=%h: größe", "--type", "_LLM._tcp.local.", "--port", "08000", "--txt", "a=b=c",
        "--txt", "flag", "--txt", "empty=",
      ], for: AnnounceCommand.command)
    let options = try AnnounceOptions(arguments)
    #expect(
      options.service
        == AnnouncedService(
          name: "%h: größe", type: .of("_llm._tcp"), port: 8000,
          txt: TXTRecord(["a": "b=c", "flag": nil, "empty": ""])))
    #expect(!options.json)
  }

  private static let tooMany = (0..<6).flatMap { ["--txt", "k\($0)=" + long("x", 240)] }

  private static func long(_ text: String, _ count: Int) -> String {
    String(repeating: text, count: count)
  }

  private static let refusals: [([String], String)] = [
    (["--name="], "--name as an instance name must not be empty (RFC 6763 §4.1.1)"),
    (
      ["--name", long("ü", 32)],
      "must be at most 63 bytes long, but has 64 (RFC 6763 §4.1.1)"
    ),
    (["--name", "a\u{7}b"], "must not hold control characters (RFC 6763 §4.1.1)"),
    (["--type", "ollama"], "is no service type: a service type has two labels"),
    (["--type", "_ollama._sctp"], "must be \"_tcp\" or \"_udp\" (RFC 6763 §7)"),
    (["--type", "_sixteenlettersss._tcp"], "(RFC 6335 §5.1)"),
    (["--type", "_a--b._tcp"], "(RFC 6335 §5.1)"),
    (["--type="], "--type is no service type"),
    (["--port", "0"], "as a port must be 1 to 65535, but is 0 (RFC 6335 §6)"),
    (["--port", "65536"], "must be 1 to 65535, but is 65536 (RFC 6335 §6)"),
    (["--port", "http"], "as a port must be a whole number (RFC 6335 §6)"),
    (["--txt", "=x"], "as an attribute must have a key before the \"=\" (RFC 6763 §6.4)"),
    (["--txt="], "--txt as an attribute must have a key before the \"=\" (RFC 6763 §6.4)"),
    (["--txt", "clé=x"], "must have a key of printable ASCII without \"=\" (RFC 6763 §6.4)"),
    (["--txt", "a=" + long("x", 254)], "(RFC 6763 §6.1)"),
    (
      ["--txt", "a=1", "--txt", "A=2"],
      "the attributes of --txt must have the key \"A\" only once, in any case (RFC 6763 §6.4)"
    ),
    (
      tooMany,
      "the attributes of --txt must be at most 1300 bytes in all"
    ),
  ]

  @Test("refuses what is no service, with the rule, and status 2", arguments: refusals)
  func refuses(arguments: [String], reason: String) async {
    var all = Self.good
    if let place = all.firstIndex(where: { arguments[0].hasPrefix($0) && $0.hasPrefix("--") }) {
      all.removeSubrange(place...place + 1)
    }
    let run = await ToolRun(["announce"] + all + arguments)
    #expect(run.status == .wrongUsage)
    #expect(run.errors.hasPrefix("nexus-discovery: announce: "))
    #expect(run.errors.contains(reason), "\(run.errors)")
    #expect(run.output == "")
  }

  @Test("says what is missing", arguments: ["--name NAME", "--type TYPE", "--port PORT"])
  func missing(option: String) async {
    var arguments = Self.good
    if let place = arguments.firstIndex(where: { option.hasPrefix($0) }) {
      arguments.removeSubrange(place...place + 1)
    }
    let run = await ToolRun(["announce"] + arguments)
    #expect(run.status == .wrongUsage)
    #expect(run.errors.contains("announce: \(option) is missing\n"))
    #expect(run.errors.contains("Usage: nexus-discovery announce --name NAME --type TYPE"))
  }

  private static let events: [(PublisherEvent, String, String)] = [
    (
      .announced(service, instance: "gpu", host: "gpu"),
      #"announced    "gpu" on host gpu, _ollama._tcp, port 11434"#,
      #""event":"announced","host":"gpu","instance":"gpu","name":"%h","port":11434,"#
    ),
    (
      .announced(service, instance: "gpu #2", host: "gpu"),
      #"announced    "gpu #2" on host gpu, _ollama._tcp, port 11434 (another has the name "gpu")"#,
      #""event":"announced","host":"gpu","instance":"gpu #2","name":"%h","port":11434,"#
    ),
    (
      .withdrawn(service.id, instance: "gpu", reason: "gone"), #"withdrawn    "gpu": gone"#,
      #""event":"withdrawn","instance":"gpu","name":"%h","port":11434,"reason":"gone","#
    ),
    (
      .refused(service.id, reason: "no\u{1B}"), #"refused      "%h": no\u{1B}"#,
      #""event":"refused","name":"%h","port":11434,"reason":"no\u001b","#
    ),
    (.down(reason: "away"), "down         away; waiting", #""event":"down","reason":"away","#),
    (.up, "up           avahi-daemon publishes", #""event":"up","#),
  ]

  @Test("tells each event on one line, for people and as JSON", arguments: events)
  func lines(event: PublisherEvent, text: String, json: String) {
    let line = AnnounceLines(service: Self.service, form: .text)
      .line(for: event, now: FixedClock.time)
    #expect(line == LocalTime.clock(FixedClock.time) + "  " + text)
    let document = AnnounceLines(service: Self.service, form: .json)
      .line(for: event, now: FixedClock.time)
    #expect(document.hasPrefix("{" + json + "\"time\":\"2026-01-31T10:00:00.000Z\""))
    #expect(document.hasSuffix("}"))
  }
}
