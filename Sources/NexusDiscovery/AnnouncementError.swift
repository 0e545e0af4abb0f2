import DiscoveryCore

/// Why a service cannot be announced.
public enum AnnouncementError: Error, Hashable, Sendable, CustomStringConvertible {
  /// It is none that may be; the message names what is wrong with it and the RFC's rule.
  case invalid(String)
  /// avahi-daemon does not take it; the message says why.
  case refused(String)
  /// avahi-daemon does not answer, or lets nobody announce; the message says why.
  case unavailable(String)

  /// One line for people.
  public var description: String {
    switch self {
    case .invalid(let reason): reason
    case .refused(let reason): "avahi-daemon refuses the announcement: \(reason)"
    case .unavailable(let reason): "cannot announce: \(reason)"
    }
  }
}

extension AnnouncedService {
  /// A checked service as a program asks for it; without a name under its host's.
  init(name: String?, type: String, port: Int, txt: [String: String]) throws(AnnouncementError) {
    // A name is taken as it is, so that no part of it may pass for the host's.
    let template = try Self.checked("name") { () throws(TextProblem) in
      try name.map { (name) throws(TextProblem) in Self.literal(try ServiceRules.name(name)) }
    }
    let type = try Self.checked("type") { () throws(TextProblem) in try ServiceRules.type(type) }
    let number = try Self.checked("port") { () throws(TextProblem) in try ServiceRules.port(port) }
    var attributes: [TXTRecord.Attribute] = []
    // In an order that is the same each time.
    for (key, value) in txt.sorted(by: { $0.key < $1.key }) {
      attributes.append(
        try Self.checked("TXT \"\(key)\"") { () throws(TextProblem) in
          try ServiceRules.attribute(key: key, value: value)
        })
    }
    let record = try Self.checked("the TXT record") { () throws(TextProblem) in
      try ServiceRules.txt(attributes)
    }
    self.init(name: template ?? "%h", type: type, port: number, txt: record)
  }

  private static func literal(_ name: String) -> String {
    name.unicodeScalars.reduce(into: "") { $0 += $1 == "%" ? "%%" : String($1) }
  }

  private static func checked<Value>(
    _ place: String, _ rule: () throws(TextProblem) -> Value
  ) throws(AnnouncementError) -> Value {
    do throws(TextProblem) {
      return try rule()
    } catch {
      throw .invalid(error.message(at: place))
    }
  }
}
