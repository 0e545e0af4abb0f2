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
  /// Where to listen: an IP address, "localhost", or "" for nowhere.
  case listenHost
  /// A whole number in this range.
  case integer(ClosedRange<Int>)
  /// Where a backend is, and what a person calls one.
  case backendURL
  case backendName
  /// The name or id of a backend of the daemon.
  case backend
  /// What a service of this machine is announced as: its instance name, service type, port and one
  /// attribute of its TXT record.
  case instanceName
  case serviceType
  case servicePort
  case txtAttribute
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
    case .serviceType: ServiceType.defaults.map(\.name)
    case .command: CommandList.all.map(\.name)
    case .text, .path, .seconds, .listenHost, .integer, .backend, .backendURL, .backendName,
      .instanceName, .servicePort, .txtAttribute:
      []
    }
  }

  /// `text` as the program uses it.
  package func checked(_ text: String) throws(Refusal) -> String {
    guard !text.isEmpty || hasWordForNothing else {
      throw Refusal(reason: "must not be empty", suggestion: nil)
    }
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
      return try Self.serviceTypeName(text)
    case .serviceType:
      return try Self.serviceTypeName(text)
    case .integer(let range):
      guard let number = Int(text), range.contains(number) else {
        throw Refusal(
          reason: "is no whole number from \(range.lowerBound) to \(range.upperBound)",
          suggestion: nil)
      }
      return "\(number)"
    case .backendURL:
      do {
        return try BackendURL(parsing: text).description
      } catch {
        throw Refusal(reason: "is no URL of a backend: \(error)", suggestion: nil)
      }
    case .backendName:
      do {
        return try BackendRules.name(text)
      } catch {
        throw Refusal(reason: error.message(at: "as a name"), suggestion: nil)
      }
    case .instanceName, .servicePort, .txtAttribute:
      return try checkedOfService(text)
    case .seconds(let limit):
      guard let seconds = Double(text), seconds > 0, seconds <= Double(limit) else {
        throw Refusal(
          reason: "is no number of seconds above 0 and at most \(limit)", suggestion: nil)
      }
      return text
    case .listenHost:
      do {
        return try ListenHost(parsing: text).description
      } catch {
        throw Refusal(
          reason: error.description + (error.hint.map { "; \($0)" } ?? ""), suggestion: nil)
      }
    }
  }

  /// True where an empty text is allowed, or is refused with a rule of its own.
  private var hasWordForNothing: Bool {
    switch self {
    case .listenHost, .instanceName, .serviceType, .servicePort, .txtAttribute: true
    default: false
    }
  }

  /// `checked(_:)` for the parts of a service, by `ServiceRules`.
  private func checkedOfService(_ text: String) throws(Refusal) -> String {
    do throws(TextProblem) {
      switch self {
      case .instanceName: return try ServiceRules.name(text)
      case .servicePort:
        guard let number = Int(text) else { throw .must("be a whole number (RFC 6335 §6)") }
        return "\(try ServiceRules.port(number))"
      default:
        _ = try ServiceRules.attribute(text)
        return text
      }
    } catch {
      let place =
        switch self {
        case .instanceName: "as an instance name"
        case .servicePort: "as a port"
        default: "as an attribute"
        }
      throw Refusal(reason: error.message(at: place), suggestion: nil)
    }
  }

  private static func serviceTypeName(_ text: String) throws(Refusal) -> String {
    do {
      return try ServiceType(parsing: text).name
    } catch {
      throw Refusal(reason: "is no service type: \(error)", suggestion: nil)
    }
  }

  private func unlisted(_ text: String) -> Refusal {
    Refusal(
      reason: "is not one of \(names.joined(separator: ", "))",
      suggestion: NearestName.of(text, among: names))
  }
}
