/// What an administrator may say of a backend, wherever it is said: in nexus.toml, over the API or in
/// the state file.
package enum BackendRules {
  /// Bytes of a name.
  package static let longestName = 63
  /// Lower is preferred.
  package static let priorities = 0...1_000_000

  /// A name as it is: 1 to 63 bytes without control characters.
  package static func name(_ text: String) throws(TextProblem) -> String {
    guard !text.isEmpty else { throw .must("not be empty") }
    guard text.utf8.count <= longestName else {
      throw .must("be at most \(longestName) bytes long, but has \(text.utf8.count)")
    }
    guard !text.hasControlCharacters else { throw .must("not hold control characters") }
    return text
  }

  /// A URL in its parts.
  package static func url(_ text: String) throws(TextProblem) -> BackendURL {
    do throws(BackendURL.Problem) {
      return try BackendURL(parsing: text)
    } catch {
      // What stands before "@" or after "?" may be a secret.
      let mayTell = !text.contains { "@?#".contains($0) }
      throw .bad("URL", mayTell ? text : nil, error.description)
    }
  }

  /// A type in any spelling that is understood elsewhere; the problem lists the names proper.
  package static func type(_ text: String) throws(TextProblem) -> BackendType {
    if let type = BackendType(named: text) { return type }
    throw .notOneOf(BackendType.allCases.map(\.rawValue), text)
  }

  /// A priority as it is.
  package static func priority(_ number: Int) throws(TextProblem) -> Int {
    guard priorities.contains(number) else {
      throw .must(
        "be \(priorities.lowerBound) to \(priorities.upperBound), but is \(number)")
    }
    return number
  }
}
