/// One option of a command: what parsing, help, completions and hints all read.
package struct CommandOption: Hashable, Sendable {
  /// The long name without hyphens.
  package let name: String
  /// The one-letter form; nil where it has none.
  package let letter: Character?
  /// What it takes; nil for a switch.
  package let value: OptionValue?
  /// What it does, for one line of help: no capital, no full stop.
  package let help: String
  /// What holds without it, as help shows it; nil where there is nothing to tell.
  package let standard: String?
  package let isRepeatable: Bool
  package let isRequired: Bool

  package init(
    _ name: String, letter: Character? = nil, value: OptionValue? = nil, help: String,
    standard: String? = nil, isRepeatable: Bool = false, isRequired: Bool = false
  ) {
    self.name = name
    self.letter = letter
    self.value = value
    self.help = help
    self.standard = standard
    self.isRepeatable = isRepeatable
    self.isRequired = isRequired
  }

  /// How usage shows it: `[--type TYPE]...`, or `--port N` where it is required.
  package var usage: String {
    let option = "--\(name)\(value.map { " \($0.placeholder)" } ?? "")"
    return (isRequired ? option : "[\(option)]") + (isRepeatable ? "..." : "")
  }

  /// How the table of options shows it: `-h, --help`.
  package var synopsis: String {
    (letter.map { "-\($0), " } ?? "    ") + "--\(name)" + (value.map { " \($0.placeholder)" } ?? "")
  }
}

/// What an option or operand takes: the word that help shows for it, and what it may be.
package struct OptionValue: Hashable, Sendable {
  package let placeholder: String
  package let rule: ValueRule

  package init(_ placeholder: String, _ rule: ValueRule = .text) {
    self.placeholder = placeholder
    self.rule = rule
  }
}

/// An argument without hyphens.
package struct Operand: Hashable, Sendable {
  package let value: OptionValue
  package let help: String
  package let isRequired: Bool

  package init(_ value: OptionValue, help: String, isRequired: Bool) {
    self.value = value
    self.help = help
    self.isRequired = isRequired
  }

  /// How usage shows it: `NAME|ID`, or `[PATH]`.
  package var usage: String {
    isRequired ? value.placeholder : "[\(value.placeholder)]"
  }
}
