/// The completion script for fish.
package enum FishCompletions {
  package static var script: String {
    let lines =
      Tool.options.map { option($0, of: "") }
      + CommandList.all.map { command in
        "\(start("")) -a \(command.name) -d \(quoted(command.summary))"
      }
      + CommandList.all.flatMap { command in
        command.allOptions.map { option($0, of: command.name) }
          + (command.operand.map { [operand($0, of: command.name)] } ?? [])
      }
    return """
      # fish completion for \(Product.name)

      # True when the command on the line is $argv[1]; with "", when there is none yet.
      function __nexus_discovery_command
          set -l words (commandline -opc)
          for word in $words[2..-1]
              string match -q -- '-*' $word; and continue
              test "$word" = "$argv[1]"
              return
          end
          test -z "$argv[1]"
      end

      complete -c \(Product.name) -f
      \(lines.joined(separator: "\n"))

      """
  }

  private static func start(_ command: String) -> String {
    "complete -c \(Product.name) -n \(quoted("__nexus_discovery_command '\(command)'"))"
  }

  private static func option(_ option: CommandOption, of command: String) -> String {
    let letter = option.letter.map { " -s \($0)" } ?? ""
    let value = option.value.map { " \(action($0.rule))" } ?? ""
    return "\(start(command))\(letter) -l \(option.name)\(value) -d \(quoted(option.help))"
  }

  private static func operand(_ operand: Operand, of command: String) -> String {
    switch operand.value.rule {
    case .path: "\(start(command)) -F"
    case .backend:
      "\(start(command)) -a '(\(Product.name) list --names 2>/dev/null)'"
    default: "\(start(command)) -a \(quoted(operand.value.rule.names.joined(separator: " ")))"
    }
  }

  private static func action(_ rule: ValueRule) -> String {
    switch rule {
    case .path: "-r -F"
    case .text, .seconds, .listenHost, .integer, .backendURL, .backendName, .backend,
      .instanceName, .servicePort, .txtAttribute:
      "-x"
    case .oneOf, .backendType, .backendOrServiceType, .serviceType, .command:
      "-x -a \(quoted(rule.names.joined(separator: " ")))"
    }
  }

  /// `text` as one word: fish knows `\\'` and `\\\\` within single quotes.
  private static func quoted(_ text: String) -> String {
    "'" + text.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "'"
  }
}
