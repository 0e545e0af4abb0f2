import Testing

@testable import nexus_discovery

@Suite("help")
struct HelpTextTests {
  static let commands = CommandList.all.map(\.name)

  @Test("tells of every option, its values and its default", arguments: commands)
  func complete(name: String) throws {
    let command = try #require(CommandList.named(name))
    let help = HelpText.command(command, styled: false)
    let flowing = help.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
    #expect(help.hasPrefix("nexus-discovery \(name) "))
    #expect(help.contains("\nUsage: nexus-discovery \(name)"))
    #expect(help.contains("\nExamples:\n  nexus-discovery \(name)"))
    #expect(help.contains("\nExit status:\n"))
    for option in command.allOptions {
      #expect(help.contains("--\(option.name)"))
      #expect(flowing.contains(option.help))
      #expect(option.standard.map { flowing.contains("default: \($0)") } ?? true)
      if case .oneOf(let names)? = option.value?.rule {
        #expect(flowing.contains(names.joined(separator: ", ")))
      }
    }
  }

  @Test("fits 80 columns and ends with a line feed", arguments: commands)
  func narrow(name: String) throws {
    let command = try #require(CommandList.named(name))
    for text in [HelpText.command(command, styled: false), HelpText.usage(command)] {
      #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
      #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"))
    }
  }

  @Test("of the tool lists every command with its sentence, in 80 columns")
  func tool() {
    let help = HelpText.tool(styled: false)
    for command in CommandList.all {
      #expect(help.contains("\n  \(command.name)"))
      #expect(help.contains("  \(command.summary)\n"))
    }
    #expect(help.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test("is bold only where it may be")
  func styled() {
    #expect(!HelpText.tool(styled: false).contains("\u{1B}"))
    #expect(HelpText.tool(styled: true).contains("\u{1B}[1mUsage:\u{1B}[0m"))
  }

  @Test("is the same by --help, -h and help", arguments: commands)
  func ways(name: String) async {
    let long = await ToolRun([name, "--help"])
    #expect(long.status == .done)
    #expect(long.errors == "")
    #expect(await ToolRun([name, "-h"]).output == long.output)
    #expect(await ToolRun(["help", name]).output == long.output)
  }
}
