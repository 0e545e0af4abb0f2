package enum HelpCommand {
  package static let command = Command(
    "help", group: .tool, summary: "shows the help of the tool or of a command",
    operand: Operand(
      OptionValue("COMMAND", .command), help: "the command to tell of", isRequired: false),
    examples: [
      Command.Example("help", "every command"), Command.Example("help list", "one of them"),
    ],
    statuses: [],
    run: { arguments, console in
      let isStyled = console.terminal.hasColor
      guard let name = arguments.operand else {
        try console.write(HelpText.tool(styled: isStyled))
        return .done
      }
      guard let command = CommandList.named(name) else { throw Tool.unknownCommand(name) }
      try console.write(HelpText.command(command, styled: isStyled))
      return .done
    })
}
