/// The completion script for bash, which needs no helper of the bash-completion package.
package enum BashCompletions {
  package static var script: String {
    """
    # bash completion for \(Product.name)

    # Offers those of the words in $1 that fit.
    __nexus_discovery_words() {
      mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
    }

    __nexus_discovery_files() {
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    }

    # Names come from the network: they are compared and quoted, never expanded.
    __nexus_discovery_backends() {
      local name quoted
      while IFS= read -r name; do
        printf -v quoted %q "$name"
        if [[ $name == "$cur"* || $quoted == "$cur"* ]]; then COMPREPLY+=("$quoted"); fi
      done < <("$tool" list --names 2>/dev/null)
    }

    _nexus_discovery() {
      local tool=$1 cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command= index
      COMPREPLY=()
      # "=" is a word of its own here.
      if [[ $cur == "=" ]]; then
        cur=
      elif [[ $prev == "=" && $COMP_CWORD -ge 2 ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
      fi
      for ((index = 1; index < COMP_CWORD; index++)); do
        if [[ ${COMP_WORDS[index]} != -* ]]; then
          command=${COMP_WORDS[index]}
          break
        fi
      done
      case $command in
        "")
          case $cur in
            -*) __nexus_discovery_words "\(words(Tool.options))" ;;
            *) __nexus_discovery_words "\(CommandList.all.map(\.name).joined(separator: " "))" ;;
          esac
          ;;
    \(CommandList.all.map(branch).joined(separator: "\n"))
      esac
    }

    complete -F _nexus_discovery \(Product.name)

    """
  }

  private static func words(_ options: [CommandOption]) -> String {
    options.flatMap { option in
      ["--\(option.name)"] + (option.letter.map { ["-\($0)"] } ?? [])
    }
    .joined(separator: " ")
  }

  /// What is offered after `command`.
  private static func branch(_ command: Command) -> String {
    let values = command.options.compactMap { option in
      option.value.map { "        --\(option.name)) \(action($0.rule))return ;;" }
    }
    var lines = ["    \(command.name))"]
    if !values.isEmpty { lines += ["      case $prev in"] + values + ["      esac"] }
    lines += [
      "      case $cur in",
      "        -*) __nexus_discovery_words \"\(words(command.allOptions))\" ;;",
    ]
    if let operand = command.operand { lines.append("        *) \(action(operand.value.rule));;") }
    lines += ["      esac", "      ;;"]
    return lines.joined(separator: "\n")
  }

  /// The command that fills in COMPREPLY, with "; " after it; nothing where nothing is known.
  private static func action(_ rule: ValueRule) -> String {
    switch rule {
    case .path: "__nexus_discovery_files; "
    case .backend: "__nexus_discovery_backends; "
    case .text, .seconds, .listenHost, .integer, .backendURL, .backendName, .instanceName,
      .servicePort, .txtAttribute:
      ""
    case .oneOf, .backendType, .backendOrServiceType, .serviceType, .command:
      "__nexus_discovery_words \"\(rule.names.joined(separator: " "))\"; "
    }
  }
}
