import ConfigFile
import DiscoveryCore
import Testing

/// A text and all that must be said of it, in order, without the path.
struct BadConfig: Sendable, CustomTestStringConvertible {
  let text: String
  let problems: [String]

  init(_ text: String, _ problems: String...) {
    self.text = text
    self.problems = problems
  }

  var testDescription: String { PlainText.cleaned(text) }
}

private let typeNames =
  "\"ollama\", \"vllm\", \"llamacpp\", \"lmstudio\", \"exo\", \"localai\", \"koboldcpp\","
  + " \"sglang\", \"tabbyapi\", \"lmserv\", \"openai-compatible\" or \"unknown\""

@Suite("Problems in nexus.toml")
struct BadConfigTests {
  private func check(_ bad: BadConfig) {
    let result = ConfigFile.parse(bad.text, path: "f")
    #expect(result.problems.map { $0.description } == bad.problems.map { "f:" + $0 })
    #expect((result.configuration == nil) == bad.problems.contains { $0.contains(": error: ") })
  }

  @Test("what is no TOML is said where it is", arguments: Self.syntaxCases)
  func syntax(_ bad: BadConfig) { check(bad) }

  private static let syntaxCases: [BadConfig] = [
    .init(
      "[server]\nsocket = \n",
      "2:10: error: while parsing key-value pair: expected value, saw '\\n'"),
    .init("x", "1:2: error: while parsing key-value pair: encountered end-of-file"),
    .init(
      "[server]\nsocket = \"/a\" x\n",
      "2:15: error: while parsing key-value pair: expected a comment or whitespace, saw 'x'"),
    .init(
      "[logging]\nlevel = größe\n",
      "2:9: error: while parsing value: could not determine value type;"
        + " text stands in quotes; a boolean is true or false"),
    .init(
      "[logging]\nlevel = \"info\" ä\n",
      "2:16: error: while parsing key-value pair: expected a comment or whitespace, saw 'ä'"),
    .init(
      "[=]\n",
      "1:2: error: while parsing key: expected bare key starting character or string delimiter,"
        + " saw '='"),
    .init(
      "[]\n",
      "1:2: error: while parsing table header: tables with blank bare keys are explicitly"
        + " prohibited"),
    .init(
      "a.=1\n",
      "1:3: error: while parsing key: expected bare key starting character or string delimiter,"
        + " saw '='"),
    .init("a = \"x", "1:7: error: while parsing string: encountered end-of-file"),
    .init("[server\n", "1:8: error: while parsing table header: expected ']', saw '\\n'"),
    .init(
      "[server]\n[server]\n",
      "2:1: error: while parsing table header: cannot redefine existing table 'server';"
        + " it is there already, further up"),
    .init(
      "[server]\nsocket = \"/a\"\n  socket = \"/b\"\n",
      "3:3: error: while parsing key-value pair: cannot redefine existing string 'socket';"
        + " it is there already, further up"),
    .init(
      "[[backends]]\nname = yes\n",
      "2:8: error: while parsing value: could not determine value type;"
        + " text stands in quotes; a boolean is true or false"),
    .init(
      "\u{202E} = 1",
      "1:1: error: while parsing root table: expected keys, tables, whitespace or comments,"
        + " saw '\\u{202E}'"),
    .init(
      "ä = 1",
      "1:1: error: while parsing root table: expected keys, tables, whitespace or comments,"
        + " saw 'ä'"),
    .init(
      "a = 1\nb = 1." + String(repeating: "b.", count: 40) + "c = 1",
      "2:68: error: a key has more than 32 parts"),
  ]

  @Test("keys and sections that are not known", arguments: Self.unknownCases)
  func unknown(_ bad: BadConfig) { check(bad) }

  private static let unknownCases: [BadConfig] = [
    .init(
      "# one\n[discovery]\n  servce_types = []\n",
      "3:3: error: unknown key \"servce_types\" in [discovery]; did you mean \"service_types\"?"),
    .init(
      "[discovery]\ngrace_period = 6\nlevel = 1\n",
      "2:1: error: unknown key \"grace_period\" in [discovery];"
        + " did you mean \"grace_period_seconds\"?",
      "3:1: error: unknown key \"level\" in [discovery]"),
    .init(
      "[discovery.trust]\nalow = []\n",
      "2:1: error: unknown key \"alow\" in [discovery.trust]; did you mean \"allow\"?"),
    .init(
      "discovery.trust.dney = []\n",
      "1:17: error: unknown key \"dney\" in [discovery.trust]; did you mean \"deny\"?"),
    .init(
      "[discovery.trusted]\nallow = []\n",
      "1:12: error: unknown key \"trusted\" in [discovery]; did you mean \"trust\"?"),
    .init(
      "[[backends]]\nname = \"größe 😀\"\nurl = \"http://a\"\n\"pr\\u00EFority\" = 1\n",
      "4:1: error: unknown key \"prïority\" in [[backends]]; did you mean \"priority\"?"),
    .init(
      "backends = [{ name = \"ä\", url = \"http://a\", nmae = 1 }]\n",
      "1:45: error: unknown key \"nmae\" in [[backends]]; did you mean \"name\"?"),
    .init(
      "[logging]\n\"a\\nb\\u202E\" = 1\n",
      "2:1: error: unknown key \"a\\nb\\u{202E}\" in [logging]"),
    .init(
      "verbose = true\n[routing]\nx = 1\n[[agents]]\n[[agents]]\n[discvery]\n[queue.big]\n",
      "1:1: warning: unknown key \"verbose\"",
      "2:2: warning: unknown section \"routing\"",
      "4:3: warning: unknown section \"agents\"",
      "6:2: warning: unknown section \"discvery\"; did you mean \"discovery\"?",
      "7:2: warning: unknown section \"queue\""),
  ]

  @Test("sections of the wrong shape", arguments: Self.shapesCases)
  func shapes(_ bad: BadConfig) { check(bad) }

  private static let shapesCases: [BadConfig] = [
    .init("server = 5\n", "1:10: error: [server] must be a table, but is an integer"),
    .init("discovery = []\n", "1:13: error: [discovery] must be a table, but is an array"),
    .init(
      "\n[[logging]]\nlevel = \"info\"\n",
      "2:1: error: [logging] must be a table, but is an array;"
        + " write [logging] once, in single brackets"),
    .init(
      "[discovery]\ntrust = \"all\"\n",
      "2:9: error: [discovery.trust] must be a table, but is a string"),
    .init(
      "[backends]\nname = \"a\"\n",
      "1:1: error: [[backends]] must be an array of tables, but is a table;"
        + " write [[backends]], in double brackets"),
    .init(
      "backends = [\n  1979-05-27,\n  {},\n]\n",
      "2:3: error: each of [[backends]] must be a table, but this is a date",
      "3:3: error: [[backends]] without \"name\"", "3:3: error: [[backends]] without \"url\""),
  ]

  @Test("values of [server] and [logging]", arguments: Self.serverCases)
  func server(_ bad: BadConfig) { check(bad) }

  private static let serverCases: [BadConfig] = [
    .init("[server]\nport = 6398\nhost = \"127.0.0.1\"\nallow_remote = false\n"),
    .init("[server]\nhost = \"\"\nport = 6398\n"),
    .init("[server]\nallow_remote = true\nhost = \"::\"\n"),
    .init("[server]\nallow_remote = true\n"),
    .init(
      "[server]\nhost = \"0.0.0.0\"\n",
      "2:8: error: \"host\" in [server] is \"0.0.0.0\", which other machines reach;"
        + " add \"allow_remote = true\" if whoever reaches it may read the API"),
    .init(
      "[server]\nallow_remote = false\nhost = \"FD00::5\"\n",
      "3:8: error: \"host\" in [server] is \"fd00::5\", which other machines reach;"
        + " add \"allow_remote = true\" if whoever reaches it may read the API"),
    .init(
      "[server]\nhost = \"gpu1\"\nallow_remote = \"true\"\n",
      "2:8: error: \"host\" in [server] must be an IP address, \"localhost\", or \"\" for none,"
        + " but is \"gpu1\"",
      "3:16: error: \"allow_remote\" in [server] must be a boolean, but is a string;"
        + " write it without quotes"),
    .init(
      "[server]\nhost = \"[::1]:6398\"\n",
      "2:8: error: \"host\" in [server] must be an IP address, \"localhost\", or \"\" for none,"
        + " but is \"[::1]:6398\"; the port is a setting of its own"),
    .init(
      "[server]\nallow_remote = true\nhost = \"fe80::1\"\n",
      "3:8: error: \"host\" in [server] is \"fe80::1\", which is on every link;"
        + " write the interface after it, as in \"fe80::1%eth0\""),
    .init(
      "[server]\nhost = \"ff02::1\"\n",
      "2:8: error: \"host\" in [server] must be an address of this machine, but is \"ff02::1\""),
    .init(
      "[server]\nhost = 0\n",
      "2:8: error: \"host\" in [server] must be a string, but is an integer"),
    .init(
      "[server]\nhost = \"\"\nport = 0\n",
      "3:8: error: \"port\" in [server] must be 1 to 65535, but is 0"),
    .init(
      "[server]\nport = 70000\n",
      "2:8: error: \"port\" in [server] must be 1 to 65535, but is 70000"),
    .init(
      "[server]\nport = \"6398\"\n",
      "2:8: error: \"port\" in [server] must be an integer, but is a string;"
        + " write it without quotes"),
    .init(
      "[server]\nsocket = 07:32:00\n",
      "2:10: error: \"socket\" in [server] must be a string, but is a time"),
    .init(
      "[server]\nsocket = \"api.sock\"\n",
      "2:10: error: \"socket\" in [server] must be an absolute path, but is \"api.sock\""),
    .init(
      "[server]\nsocket = \"\"\n",
      "2:10: error: \"socket\" in [server] must be an absolute path, but is \"\""),
    .init("[server]\nsocket = \"/\(String(repeating: "a", count: 106))\"\n"),
    .init(
      "[server]\nsocket = \"/\(String(repeating: "a", count: 107))\"\n",
      "2:10: error: \"socket\" in [server] must be at most 107 bytes long, but has 108 (unix(7))"),
    .init(
      "[server]\nsocket = \"/run/\"\n",
      "2:10: error: \"socket\" in [server] must name a file, but is \"/run/\""),
    .init(
      "[server]\nsocket = \"/a\\u0000b\"\n",
      "2:10: error: \"socket\" in [server] must not hold control characters"),
    .init(
      "[logging]\nlevel = \"wran\"\nformat = \"xml\"\n",
      "2:9: error: \"level\" in [logging] must be \"trace\", \"debug\", \"info\", \"warn\" or"
        + " \"error\", but is \"wran\"; did you mean \"warn\"?",
      "3:10: error: \"format\" in [logging] must be \"auto\", \"text\", \"json\" or \"journal\","
        + " but is \"xml\""),
    .init(
      "[logging]\nlevel = 3\n",
      "2:9: error: \"level\" in [logging] must be a string, but is an integer"),
  ]

  @Test("values of [discovery]", arguments: Self.discoveryCases)
  func discovery(_ bad: BadConfig) { check(bad) }

  private static let discoveryCases: [BadConfig] = [
    .init(
      "[discovery]\nenabled = \"true\"\n",
      "2:11: error: \"enabled\" in [discovery] must be a boolean, but is a string;"
        + " write it without quotes"),
    .init(
      "[discovery]\nipv6 = 1\n",
      "2:8: error: \"ipv6\" in [discovery] must be a boolean, but is an integer"),
    .init(
      "[discovery]\nservice_types = []\n",
      "2:17: error: \"service_types\" in [discovery] must not be empty"),
    .init(
      "[discovery]\nservice_types = \"_ollama._tcp\"\n",
      "2:17: error: \"service_types\" in [discovery] must be an array of strings, but is a string;"
        + " write it in brackets"),
    .init(
      "[discovery]\nservice_types = [\n  \"_ollama._tcp\",\n  \"ollama\", 5, # ä\n  \"_a._sctp\",\n"
        + "\t\"_a--b._tcp\", \"_OLLAMA._tcp.local.\",\n]\n",
      "4:3: error: bad service type \"ollama\": a service type has two labels, as in"
        + " \"_ollama._tcp\" (RFC 6763 §7)",
      "4:13: error: each of \"service_types\" in [discovery] must be a string, but is an integer",
      "5:3: error: bad service type \"_a._sctp\": \"_sctp\" must be \"_tcp\" or \"_udp\""
        + " (RFC 6763 §7)",
      "6:2: error: bad service type \"_a--b._tcp\": \"_a--b\" must be \"_\" and 1 to 15 letters,"
        + " digits or single inner hyphens, with at least one letter (RFC 6335 §5.1)",
      "6:16: warning: \"service_types\" in [discovery] names \"_ollama._tcp\" more than once"),
    .init(
      "[discovery]\ngrace_period_seconds = -1\nquery_interval_seconds = 0.5\n",
      "2:24: error: \"grace_period_seconds\" in [discovery] must be 0 to 86400 seconds, but is -1",
      "3:26: error: \"query_interval_seconds\" in [discovery] must be 0 or 1 to 86400 seconds,"
        + " but is 0.5"),
    .init(
      "[discovery]\ngrace_period_seconds = nan\nquery_interval_seconds = 86401\n",
      "2:24: error: \"grace_period_seconds\" in [discovery] must be 0 to 86400 seconds, but is nan",
      "3:26: error: \"query_interval_seconds\" in [discovery] must be 0 or 1 to 86400 seconds,"
        + " but is 86401"),
    .init(
      "[discovery]\ngrace_period_seconds = \"60\"\n",
      "2:24: error: \"grace_period_seconds\" in [discovery] must be a number of seconds,"
        + " but is a string; write it without quotes"),
    .init(
      "[discovery]\nprefer = \"IPv4\"\n",
      "2:10: error: \"prefer\" in [discovery] must be \"ipv4\" or \"ipv6\", but is \"IPv4\";"
        + " did you mean \"ipv4\"?"),
    .init(
      "[discovery]\ninterfaces = [\"eth0\", \"\", \"a/b\", \"a b\", \"abcdefghijklmnop\", \"eth0\"]\n",
      "2:23: error: \(badInterface(""))", "2:27: error: \(badInterface("a/b"))",
      "2:34: error: \(badInterface("a b"))", "2:41: error: \(badInterface("abcdefghijklmnop"))",
      "2:61: warning: \"interfaces\" in [discovery] names \"eth0\" more than once"),
    .init(
      "[discovery]\nmax_backends = 0\n",
      "2:16: error: \"max_backends\" in [discovery] must be 1 to 1000000, but is 0"),
    .init(
      "[discovery]\nmax_backends = 1_000_001\n",
      "2:16: error: \"max_backends\" in [discovery] must be 1 to 1000000, but is 1000001"),
    .init(
      "[discovery]\nmax_backends = 10.0\n",
      "2:16: error: \"max_backends\" in [discovery] must be an integer, but is a float"),
    .init(
      "[discovery.trust]\nallow = [\"10.0.0.0/8\", \"10.0.0.0/33\"]\ndeny = [\"fd00::/129\"]\n",
      "2:24: error: \(badBlock("10.0.0.0/33"))", "3:9: error: \(badBlock("fd00::/129"))"),
    .init(
      "[discovery.trust]\nallow_public = 1979-05-27T07:32:00Z\n",
      "2:16: error: \"allow_public\" in [discovery.trust] must be a boolean,"
        + " but is a date and time"),
  ]

  private static func badInterface(_ name: String) -> String {
    "bad interface name \"\(name)\": it must be 1 to 15 bytes without \"/\", \":\" or space"
  }

  private static func badBlock(_ text: String) -> String {
    "bad address block \"\(text)\": it is neither an address nor in CIDR notation;"
      + " write it as \"10.0.0.0/8\" or \"fd00::/8\""
  }

  @Test("values of [[backends]]", arguments: Self.backendsCases)
  func backends(_ bad: BadConfig) { check(bad) }

  private static let backendsCases: [BadConfig] = [
    .init("\n [[backends]]\nname = \"a\"\n", "2:2: error: [[backends]] without \"url\""),
    .init("[[backends]]\nurl = \"http://a\"\n", "1:1: error: [[backends]] without \"name\""),
    .init(
      "[[backends]]\nurl = \"http://a\"\nname = \"\"\n",
      "3:8: error: \"name\" in [[backends]] must not be empty"),
    .init(
      "[[backends]]\nurl = \"http://a\"\nname = \"\(String(repeating: "ä", count: 32))\"\n",
      "3:8: error: \"name\" in [[backends]] must be at most 63 bytes long, but has 64"),
    .init(
      "[[backends]]\nurl = \"http://a\"\nname = \"a\\nb\"\n",
      "3:8: error: \"name\" in [[backends]] must not hold control characters"),
    .init(
      "[[backends]]\nname = \"a\"\nurl = \"http://a\"\n[[backends]]\nurl = \"http://b\"\nname = \"a\"\n",
      "6:8: error: duplicate name \"a\"; first used in line 2"),
    .init(
      "[[backends]]\nname = \"größe 😀\"  # 😀\nurl = 'http://10.0.0.5:0'\n",
      "3:7: error: bad URL \"http://10.0.0.5:0\": port \"0\" is not between 1 and 65535"),
    .init(
      "backends = [{ name = \"größe 😀\", url = \"http://10.0.0.5:70000\" }]\n",
      "1:39: error: bad URL \"http://10.0.0.5:70000\": port \"70000\" is not between 1 and 65535"),
    .init(
      "[[backends]]\nname = \"a\"\nurl = \"10.0.0.5:11434\"\n",
      "3:7: error: bad URL \"10.0.0.5:11434\": a URL begins with http:// or https://, as in"
        + " \"http://10.0.0.5:11434\""),
    .init(
      "[[backends]]\nname = \"a\"\nurl = \"ftp://a\"\ntype = \"olama\"\npriority = -1\n",
      "3:7: error: bad URL \"ftp://a\": \"ftp\" is neither http nor https",
      "4:8: error: \"type\" in [[backends]] must be \(typeNames), but is \"olama\";"
        + " did you mean \"ollama\"?",
      "5:12: error: \"priority\" in [[backends]] must be 0 to 1000000, but is -1"),
    .init(
      "[[backends]]\nname = \"a\"\nurl = \"http://A:80/v1\"\n"
        + "[[backends]]\nname = \"b\"\nurl = \"http://a\"\n"
        + "[[backends]]\nname = \"c\"\nurl = \"http://a/v1/\"\n",
      "6:7: warning: \"b\" in line 6 is at the same server as \"a\" in line 3;"
        + " they become one backend",
      "9:7: warning: \"c\" in line 9 is at the same server as \"a\" in line 3; it is left out"),
  ]
}
