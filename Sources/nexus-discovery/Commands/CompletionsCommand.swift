package enum CompletionsCommand {
  private static let shells = ["bash", "zsh", "fish"]

  package static let command = Command(
    "completions", group: .tool, summary: "prints a script that completes this tool's arguments",
    details: [
      "bash: source <(\(Product.name) completions bash), or put it into"
        + " /etc/bash_completion.d/\(Product.name).",
      "zsh: source <(\(Product.name) completions zsh) after compinit, or put it into a directory"
        + " of $fpath as _\(Product.name).",
      "fish: put it into ~/.config/fish/completions/\(Product.name).fish.",
    ],
    operand: Operand(
      OptionValue("bash|zsh|fish", .oneOf(shells)), help: "the shell to print it for",
      isRequired: true),
    examples: [
      Command.Example(
        "completions bash > /etc/bash_completion.d/\(Product.name)", "for every user of bash")
    ],
    statuses: [.failed],
    run: { arguments, console in
      switch arguments.operand {
      case "zsh": try console.write(ZshCompletions.script)
      case "fish": try console.write(FishCompletions.script)
      default: try console.write(BashCompletions.script)
      }
      return .done
    })
}
