import DiscoveryCore

/// One thing that is wrong with a configuration file.
package struct ConfigProblem: Hashable, Sendable, CustomStringConvertible {
  package enum Severity: String, Hashable, Sendable {
    /// The file cannot be used.
    case error
    /// The file is used as it is.
    case warning
  }

  package let severity: Severity
  /// The file's path, as it was given.
  package let file: String
  /// Counts from 1; nil where the file as a whole is meant.
  package let line: Int?
  /// Counts characters (Unicode scalars, as toml++ does) from 1: a tab is one, an "ü" is one.
  package let column: Int?
  /// What is wrong, as one line without a full stop.
  package let message: String
  /// What to do about it: `did you mean "url"?`; nil where there is nothing to say.
  package let hint: String?

  init(
    _ severity: Severity, file: String, at position: TomlPosition?, _ message: String,
    hint: String? = nil
  ) {
    self.severity = severity
    self.file = file
    line = position?.line
    column = position?.column
    self.message = Self.shown(message)
    self.hint = hint.map(Self.shown)
  }

  /// `/etc/nexus/nexus.toml:12:1: error: unknown key "naem" in [[backends]]; did you mean "name"?`
  package var description: String {
    var text = PlainText.cleaned(file)
    if let line, let column { text += ":\(line):\(column)" }
    text += ": \(severity.rawValue): \(message)"
    if let hint { text += "; \(hint)" }
    return text
  }

  /// Messages repeat what the file says, which may be anything.
  private static func shown(_ text: String) -> String {
    let clean = PlainText.cleaned(text)
    return clean.utf8.count <= 500 ? clean : clean.prefix(400) + "…"
  }
}

/// The problems of one file, gathered by its readers as they meet them.
final class ProblemList {
  let file: String
  private var problems: [ConfigProblem] = []

  init(file: String) {
    self.file = file
  }

  func error(at position: TomlPosition?, _ message: String, hint: String? = nil) {
    problems.append(ConfigProblem(.error, file: file, at: position, message, hint: hint))
  }

  func warning(at position: TomlPosition?, _ message: String, hint: String? = nil) {
    problems.append(ConfigProblem(.warning, file: file, at: position, message, hint: hint))
  }

  /// All of them in the order of the file.
  var inOrder: [ConfigProblem] {
    problems.enumerated()
      .sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }
      .map(\.element)
  }
}

extension ConfigProblem {
  fileprivate var place: TomlPosition { TomlPosition(line: line ?? 0, column: column ?? 0) }
}
