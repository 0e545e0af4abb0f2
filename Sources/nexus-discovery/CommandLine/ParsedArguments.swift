import ConsoleBridge
import DiscoveryCore

/// A command's arguments, read and checked against its table.
package struct ParsedArguments: Hashable, Sendable {
  private var given: [String: [String]] = [:]
  /// The argument without hyphens; nil where an optional one is absent.
  package private(set) var operand: String?

  /// True when the switch or option was given.
  package func has(_ option: CommandOption) -> Bool { given[option.name] != nil }

  /// The option's value; nil when it was not given.
  package func value(of option: CommandOption) -> String? { given[option.name]?.last }

  /// Each value of a repeatable option, in order.
  package func values(of option: CommandOption) -> [String] { given[option.name] ?? [] }

  /// Reads what follows a command's name.
  ///
  /// `--help` counts as soon as it is met: what comes after it is not looked at.
  package init(_ arguments: [String], for command: Command) throws(UsageError) {
    let options = command.allOptions
    let scan = Getopt.scan(arguments, options: options.map(\.forGetopt))
    for found in scan.given {
      let option = options[found.option]
      try take(option, found.value)
      if option == .help { return }
    }
    if let problem = scan.problem { throw problem.usageError(options) }
    try take(scan.operands, for: command)
    if let missing = options.first(where: { $0.isRequired && given[$0.name] == nil }) {
      throw UsageError("\(missing.usage) is missing")
    }
  }

  private mutating func take(_ option: CommandOption, _ value: String?) throws(UsageError) {
    guard let rule = option.value?.rule, let value else {
      given[option.name] = []
      return
    }
    guard option.isRepeatable || given[option.name] == nil else {
      throw UsageError("option \"--\(option.name)\" is given more than once")
    }
    given[option.name, default: []].append(
      try rule.checked(value, of: option))
  }

  private mutating func take(_ operands: [String], for command: Command) throws(UsageError) {
    guard let expected = command.operand else {
      guard let first = operands.first else { return }
      throw UsageError("takes no argument, but got \"\(first)\"")
    }
    guard operands.count <= 1 else {
      throw UsageError(
        "takes one \(expected.value.placeholder), but also got \"\(operands[1])\"",
        suggestion: nil)
    }
    guard let first = operands.first else {
      guard !expected.isRequired else {
        throw UsageError("\(expected.value.placeholder) is missing")
      }
      return
    }
    guard !first.isEmpty else {
      throw UsageError("\(expected.value.placeholder) must not be empty")
    }
    operand = try expected.value.rule.checked(first, of: nil)
  }
}

extension ValueRule {
  /// `checked(_:)` with an error that says which argument it is about.
  fileprivate func checked(
    _ text: String, of option: CommandOption?
  ) throws(UsageError) -> String {
    do {
      return try checked(text)
    } catch {
      let name = option.map { "--\($0.name)" }
      let subject = [name, text.isEmpty ? nil : "\"\(text)\""].compactMap { $0 }
      throw UsageError(
        (subject + [error.reason]).joined(separator: " "),
        suggestion: error.suggestion.map { (name.map { "\($0)=" } ?? "") + $0 })
    }
  }
}

extension CommandOption {
  /// What getopt has to know of it.
  package var forGetopt: Getopt.Option {
    Getopt.Option(name: name, letter: letter, takesValue: value != nil)
  }
}

extension Getopt.Problem {
  /// The problem in words; `options` are those that were scanned for.
  package func usageError(_ options: [CommandOption]) -> UsageError {
    switch self {
    case .unknown(let typed):
      let near = NearestName.of(
        String(typed.drop { $0 == "-" }), among: typed.count > 2 ? options.map(\.name) : [])
      return UsageError("unknown option \"\(typed)\"", suggestion: near.map { "--\($0)" })
    case .ambiguous(let typed, let fitting):
      let names = fitting.map { "--\(options[$0].name)" }.joined(separator: ", ")
      return UsageError("option \"\(typed)\" is ambiguous: \(names)")
    case .missingValue(let index):
      let option = options[index]
      return UsageError("option \"--\(option.name)\" needs a \(option.value?.placeholder ?? "")")
    case .unwantedValue(let index):
      return UsageError("option \"--\(options[index].name)\" takes no value")
    }
  }
}
