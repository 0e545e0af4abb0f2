/// The completion script for zsh: to be sourced after compinit, or a file in $fpath.
package enum ZshCompletions {
  package static var script: String {
    """
    #compdef \(Product.name)
    # zsh completion for \(Product.name)

    __nexus_discovery_backends() {
      local -a names
      names=(${(f)"$(_call_program backends \(Product.name) list --names 2>/dev/null)"})
      compadd -a names
    }

    _nexus-discovery() {
      local curcontext="$curcontext" state line
      local -a commands
      commands=(
    \(CommandList.all.map { "    '\($0.name):\(quoted($0.summary))'" }.joined(separator: "\n"))
      )
      _arguments -C \\
    \(Tool.options.map { "    \(spec($0)) \\" }.joined(separator: "\n"))
        '1:command:->command' \\
        '*::argument:->arguments' && return
      case $state in
        command) _describe command commands ;;
        arguments)
          case $line[1] in
    \(CommandList.all.map(branch).joined(separator: "\n"))
          esac
          ;;
      esac
    }

    if [[ $funcstack[1] == _nexus-discovery ]]; then
      _nexus-discovery "$@"
    else
      compdef _nexus-discovery \(Product.name)
    fi

    """
  }

  private static func branch(_ command: Command) -> String {
    var specs = command.allOptions.map(spec)
    if let operand = command.operand {
      let optional = operand.isRequired ? "" : ":"
      specs.append(
        "'1:\(optional)\(escaped(operand.value.placeholder)):\(action(operand.value.rule))'")
    }
    return "        \(command.name)) _arguments \(specs.joined(separator: " ")) ;;"
  }

  /// An option for `_arguments`: `'--type=[only …]:TYPE:(ollama vllm)'`.
  private static func spec(_ option: CommandOption) -> String {
    let help = "[\(escaped(quoted(option.help)))]"
    if let letter = option.letter {
      return "'(-\(letter) --\(option.name))'{-\(letter),--\(option.name)}'\(help)'"
    }
    guard let value = option.value else { return "'--\(option.name)\(help)'" }
    let star = option.isRepeatable ? "*" : ""
    return "'\(star)--\(option.name)=\(help):\(value.placeholder):\(action(value.rule))'"
  }

  private static func action(_ rule: ValueRule) -> String {
    switch rule {
    case .path: "_files"
    case .backend: "__nexus_discovery_backends"
    case .text, .seconds, .listenHost, .integer, .backendURL, .backendName, .instanceName,
      .servicePort, .txtAttribute:
      " "
    case .oneOf, .backendType, .backendOrServiceType, .serviceType, .command:
      "(\(rule.names.joined(separator: " ")))"
    }
  }

  /// `text` within single quotes.
  private static func quoted(_ text: String) -> String {
    text.map { $0 == "'" ? "'\\''" : String($0) }.joined()
  }

  /// `text` where `_arguments` reads brackets and colons itself.
  private static func escaped(_ text: String) -> String {
    text.map { "[]:".contains($0) ? "\\\($0)" : String($0) }.joined()
  }
}
