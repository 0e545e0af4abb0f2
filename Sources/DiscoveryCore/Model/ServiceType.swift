/// A DNS-SD service type such as `_ollama._tcp` (RFC 6763 §7, RFC 6335 §5.1), in lower case.
package struct ServiceType: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Service and protocol, without domain: `_ollama._tcp`.
  package let name: String

  /// The type in its domain: `_ollama._tcp.local`.
  package var fullName: String { name + ".local" }

  package var description: String { name }

  /// False for `_udp`, which stands for all other protocols (RFC 6763 §7).
  package var isTCP: Bool { name.hasSuffix("._tcp") }

  /// Why a text is no service type.
  package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
    case notTwoLabels
    case unknownProtocol(String)
    case badServiceName(String)

    package var description: String {
      switch self {
      case .notTwoLabels:
        "a service type has two labels, as in \"_ollama._tcp\" (RFC 6763 §7)"
      case .unknownProtocol(let label):
        "\"\(label)\" must be \"_tcp\" or \"_udp\" (RFC 6763 §7)"
      case .badServiceName(let label):
        "\"\(label)\" must be \"_\" and 1 to 15 letters, digits or single inner hyphens,"
          + " with at least one letter (RFC 6335 §5.1)"
      }
    }
  }

  /// Reads a type as a person writes it: any case, with or without `.local` and the last dot.
  package init(parsing text: String) throws(Problem) {
    // Of ASCII alone: Unicode makes a "k" of the Kelvin sign.
    let lowercase = String(decoding: text.utf8.map(Ascii.lowercased), as: UTF8.self)
    var labels = lowercase.split(separator: ".", omittingEmptySubsequences: false)
    if labels.last == "" { labels.removeLast() }
    if labels.last == "local" { labels.removeLast() }
    guard labels.count == 2 else { throw .notTwoLabels }
    guard labels[1] == "_tcp" || labels[1] == "_udp" else {
      throw .unknownProtocol(String(labels[1]))
    }
    guard Self.isServiceLabel(labels[0]) else { throw .badServiceName(String(labels[0])) }
    name = "\(labels[0]).\(labels[1])"
  }

  package static func < (left: ServiceType, right: ServiceType) -> Bool {
    left.name < right.name
  }

  private static func isServiceLabel(_ label: Substring) -> Bool {
    guard label.hasPrefix("_") else { return false }
    let service = label.utf8.dropFirst()
    guard (1...15).contains(service.count) else { return false }
    var hasLetter = false
    var previous: UInt8 = Ascii.hyphen
    for byte in service {
      switch byte {
      case Ascii.lowercaseLetters: hasLetter = true
      case Ascii.digits: break
      case Ascii.hyphen where previous != Ascii.hyphen: break
      default: return false
      }
      previous = byte
    }
    return hasLetter && previous != Ascii.hyphen
  }
}

extension ServiceType {
  /// The types that are browsed when the configuration names none.
  package static let defaults = ["_ollama._tcp", "_llm._tcp", "_lmserv._tcp", "_exo._tcp"]
    .compactMap { try? ServiceType(parsing: $0) }
}
