import DiscoveryCore

/// What an option's value may be: how it is checked, and what completes it.
package enum ValueRule: Hashable, Sendable {
  /// Any text that is not empty.
  case text
  /// A path of a file.
  case path
  /// One of these names, in any case.
  case oneOf([String])
  /// A kind of server, in any of the spellings that people use.
  case backendType
  /// A kind of server, or a DNS-SD service type.
  case backendOrServiceType
  /// A number of seconds, fractions allowed, above 0 and at most this.
  case seconds(atMost: Int)
  /// The name or id of a backend of the daemon.
  case backend
  /// The name of one of the tool's own commands.
  case command

  /// Why a value is refused, without its name: `is not …`.
  package struct Refusal: Error, Hashable, Sendable {
    package let reason: String
    package let suggestion: String?
  }

  /// The names that it may be; empty where there is no list.
  package var names: [String] {
    switch self {
    case .oneOf(let names): names
    case .backendType: BackendType.allCases.map(\.rawValue)
    case .backendOrServiceType:
      BackendType.allCases.map(\.rawValue) + ServiceType.defaults.map(\.name)
    case .command: CommandList.all.map(\.name)
    case .text, .path, .seconds, .backend: []
    }
  }

  /// `text` as the program uses it.
  package func checked(_ text: String) throws(Refusal) -> String {
    guard !text.isEmpty else { throw Refusal(reason: "must not be empty", suggestion: nil) }
    switch self {
    case .text, .path, .backend, .command:
      return text
    case .oneOf(let names):
      guard let name = names.first(where: { $0 == text.lowercased() }) else {
        throw unlisted(text)
      }
      return name
    case .backendType:
      guard let type = BackendType(named: text) else { throw unlisted(text) }
      return type.rawValue
    case .backendOrServiceType:
      if let type = BackendType(named: text) { return type.rawValue }
      guard text.hasPrefix("_") else { throw unlisted(text) }
      do {
        return try ServiceType(parsing: text).name
      } catch {
        throw Refusal(reason: "is no service type: \(error)", suggestion: nil)
      }
    case .seconds(let limit):
      guard let seconds = Double(text), seconds > 0, seconds <= Double(limit) else {
        throw Refusal(
          reason: "is no number of seconds above 0 and at most \(limit)", suggestion: nil)
      }
      return text
    }
  }

  private func unlisted(_ text: String) -> Refusal {
    Refusal(
      reason: "is not one of \(names.joined(separator: ", "))",
      suggestion: NearestName.of(text, among: names))
  }
}
