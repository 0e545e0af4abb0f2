/// The help of the tool and of each command, made from their tables; 80 columns at most.
package enum HelpText {
  /// The widest line.
  package static let width = 80
  /// Where descriptions begin at the latest.
  private static let widestSynopsis = 24

  /// `Usage: …` of a command, or of the tool; with its line feed.
  package static func usage(_ command: Command?, styled: Bool = false) -> String {
    let label = styled ? Style.bold.applied(to: "Usage:") : "Usage:"
    guard let command else { return "\(label) \(Product.name) COMMAND [OPTION]...\n" }
    let start = "\(Product.name) \(command.name)"
    let indent = "Usage: \(start) ".count
    let words = wrapped(command.usageWords, indent: indent)
    return words.isEmpty ? "\(label) \(start)\n" : "\(label) \(start) \(words)\n"
  }

  /// All of `nexus-discovery COMMAND --help`.
  package static func command(_ command: Command, styled: Bool) -> String {
    var text = paragraph(sentence("\(Product.name) \(command.name) \(command.summary)"))
    text += "\n" + usage(command, styled: styled)
    for detail in command.details { text += "\n" + paragraph(detail) }
    if let operand = command.operand {
      let values = allowed(operand.value).map { " (\($0))" } ?? ""
      let row = (operand.value.placeholder, operand.help + values)
      text += section("Argument", [row], styled: styled)
    }
    text += section("Options", command.allOptions.map(row), styled: styled)
    text += examples(command.examples, styled: styled)
    let statuses = [.done, .wrongUsage] + command.statuses
    return text + exitStatuses(statuses, styled: styled)
  }

  /// All of `nexus-discovery --help`.
  package static func tool(styled: Bool) -> String {
    var text = paragraph(
      sentence(
        "\(Product.name) finds the LLM servers on the local network and keeps a live list of them"))
    text += "\n" + usage(nil, styled: styled)
    let names = (CommandList.all.map(\.name.count).max() ?? 0) + 4
    for group in Command.Group.allCases {
      let rows = CommandList.all.filter { $0.group == group }.map { ($0.name, $0.summary) }
      text += section(group.rawValue, rows, column: names, styled: styled)
    }
    text += section("Options", Tool.options.map(row), styled: styled)
    text += examples(
      [
        Command.Example("discover", "what is on this network, right now"),
        Command.Example("list --status healthy", "the servers that work"),
        Command.Example("watch", "each change as it happens"),
      ], styled: styled)
    text += section(
      "Environment",
      [
        ("NEXUS_SOCKET", "the daemon's socket, where --socket is not given"),
        ("NEXUS_CONFIG", "the configuration file, where none is named"),
        ("NO_COLOR", "no colour, where it is set"),
      ], styled: styled)
    return text + exitStatuses(ExitStatus.allCases, styled: styled)
      + "\nEach command has its own help: \(Product.name) COMMAND --help\n"
  }

  private static func row(_ option: CommandOption) -> (String, String) {
    let notes = [
      option.value.flatMap(allowed), option.isRepeatable ? "may be repeated" : nil,
      option.standard.map { "default: \($0)" },
    ]
    .compactMap { $0 }
    let note = notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"
    return (option.synopsis, option.help + note)
  }

  /// The values that are allowed; nil where they are no list, or the placeholder tells them.
  private static func allowed(_ value: OptionValue) -> String? {
    switch value.rule {
    case .oneOf(let names) where names.joined(separator: "|") != value.placeholder:
      names.joined(separator: ", ")
    case .backendType: value.rule.names.joined(separator: ", ")
    case .backendOrServiceType:
      ValueRule.backendType.names.joined(separator: ", ")
        + ", or a service type such as _ollama._tcp"
    default: nil
    }
  }

  private static func examples(_ examples: [Command.Example], styled: Bool) -> String {
    heading("Examples", styled: styled)
      + examples.map { "  \(Product.name) \($0.line)\n      \($0.meaning)\n" }.joined()
  }

  private static func exitStatuses(_ statuses: [ExitStatus], styled: Bool) -> String {
    let rows = ExitStatus.allCases.filter(statuses.contains).map {
      ("\($0.rawValue)", $0.meaning)
    }
    return section("Exit status", rows, styled: styled)
  }

  /// A heading and its rows: a term, and from `column` on what is to be said of it.
  private static func section(
    _ title: String, _ rows: [(term: String, says: String)], column: Int? = nil, styled: Bool
  ) -> String {
    guard !rows.isEmpty else { return "" }
    let column = column ?? min(widestSynopsis, rows.map(\.term.count).max() ?? 0) + 4
    var text = heading(title, styled: styled)
    for (term, says) in rows {
      let words = says.split(separator: " ").map(String.init)
      let description = wrapped(words, indent: column)
      let gap =
        term.count + 4 <= column
        ? String(repeating: " ", count: column - term.count - 2)
        : "\n" + String(repeating: " ", count: column)
      text += "  \(term)\(gap)\(description)\n"
    }
    return text
  }

  private static func heading(_ title: String, styled: Bool) -> String {
    "\n" + (styled ? Style.bold.applied(to: "\(title):") : "\(title):") + "\n"
  }

  private static func sentence(_ text: String) -> String { text + "." }

  private static func paragraph(_ text: String) -> String {
    wrapped(text.split(separator: " ").map(String.init), indent: 0) + "\n"
  }

  /// `words` on lines of at most `width`, all but the first of them indented.
  private static func wrapped(_ words: [String], indent: Int) -> String {
    var lines: [String] = []
    for word in words {
      if let line = lines.last, indent + line.count + 1 + word.count <= width {
        lines[lines.count - 1] = "\(line) \(word)"
      } else {
        lines.append(word)
      }
    }
    return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
  }
}
