import Testing

@testable import nexus_discovery

@Suite("the tool")
struct ToolTests {
  @Test("says its version", arguments: ["--version", "-V"])
  func version(argument: String) async {
    let run = await ToolRun([argument])
    #expect(run.output == "nexus-discovery \(Product.version)\n")
    #expect(run.status == .done)
  }

  @Test("a wrong option: the reason, what was meant, usage, where help is, and status 2")
  func wrongOption() async {
    let run = await ToolRun(["list", "--stauts", "healthy"])
    #expect(
      run.errors == """
        nexus-discovery: list: unknown option "--stauts"; did you mean "--status"?
        Usage: nexus-discovery list [--type TYPE]... [--status STATUS]...
                                    [--source SOURCE]... [--model MODEL]... [--names]
                                    [--json] [--socket PATH]
        Try 'nexus-discovery list --help' for more.

        """)
    #expect(run.status == .wrongUsage)
    #expect(run.output == "")
  }

  @Test(
    "is clear about what is no command",
    arguments: [
      (["lsit"], "unknown command \"lsit\"; did you mean \"list\"?"),
      (["frobnicate"], "unknown command \"frobnicate\""),
      (["--json", "list"], "option \"--json\" must stand after the command"),
      (["--verison"], "unknown option \"--verison\"; did you mean \"--version\"?"),
      (["help", "lsit"], "help: unknown command \"lsit\"; did you mean \"list\"?"),
      (["li\u{1B}[31mst\n"], "unknown command \"li\\u{1B}[31mst\\n\"\n"),
    ])
  func wrongCommand(arguments: [String], message: String) async {
    let run = await ToolRun(arguments)
    #expect(run.errors.hasPrefix("nexus-discovery: \(message)"))
    #expect(run.status == .wrongUsage)
  }

  @Test("alone, it shows its help on standard error")
  func alone() async {
    let run = await ToolRun([])
    #expect(run.errors == HelpText.tool(styled: false))
    #expect(run.status == .wrongUsage)
    #expect(run.output == "")
  }

  @Test(
    "a client without a daemon names the socket, how to start it, and ends with 3",
    arguments: [["list"], ["show", "x"], ["watch"], ["status"], ["refresh"], ["list", "--json"]])
  func noDaemon(arguments: [String]) async {
    let run = await ToolRun(arguments, environment: ["NEXUS_SOCKET": "/nonexistent/api.sock"])
    #expect(
      run.errors == """
        nexus-discovery: no daemon at /nonexistent/api.sock (no such file or directory); \
        is it running? systemctl start nexus-discovery

        """)
    #expect(run.status == .noDaemon)
    #expect(run.output == "")
  }

  @Test("--socket goes before NEXUS_SOCKET, which goes before the usual place when it is not empty")
  func socket() async {
    let option = await ToolRun(
      ["list", "--socket", "/nonexistent/a"], environment: ["NEXUS_SOCKET": "/nonexistent/b"])
    #expect(option.errors.contains(" /nonexistent/a "))
    let arguments = try? ParsedArguments([], for: ListCommand.command)
    #expect(arguments?.value(of: .socket) == nil)
  }
}

@Suite("no daemon")
struct NoDaemonTests {
  @Test(
    "the advice fits the reason",
    arguments: [
      (
        "Connection refused",
        "no daemon at /s (connection refused); is it running? systemctl start nexus-discovery"
      ),
      ("Permission denied", "no daemon at /s (permission denied); may this user use it? ls -l /s"),
    ])
  func advice(reason: String, message: String) {
    #expect(
      NoDaemon.failure(socket: "/s", reason: reason) == CommandFailure(message, status: .noDaemon))
  }
}
