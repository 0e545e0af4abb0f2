/// A service of this machine as it is to be on the air (RFC 6763 §4): whoever publishes it takes the
/// name as it is as long as nobody else has it.
package struct AnnouncedService: Hashable, Sendable {
  /// A service's name and type: no host announces two services with the same.
  package struct ID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// As configured, or, where that is asked for, with the host's name in it.
    package let name: String
    package let type: ServiceType

    package init(name: String, type: ServiceType) {
      self.name = name
      self.type = type
    }

    /// `gpu-box._ollama._tcp`, for people.
    package var description: String { "\(name).\(type)" }

    package static func < (left: ID, right: ID) -> Bool {
      (left.name, left.type) < (right.name, right.type)
    }
  }

  /// The name with `%h` where the host's own name belongs, and `%%` for a percent sign.
  package let name: String
  package let type: ServiceType
  package var port: UInt16
  package var txt: TXTRecord

  package var id: ID { ID(name: name, type: type) }

  /// A service that `ServiceRules` has nothing against.
  package init(name: String, type: ServiceType, port: UInt16, txt: TXTRecord = TXTRecord()) {
    self.name = name
    self.type = type
    self.port = port
    self.txt = txt
  }

  /// The instance name on a host of that name, cut to the 63 bytes that a label has (RFC 6763 §4.1.1).
  package func instanceName(onHost host: String) -> String {
    var result = ""
    var rest = name.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch (scalar, rest.first) {
      case ("%", "h"): result += host
      case ("%", "%"): result += "%"
      default:
        result.unicodeScalars.append(scalar)
        continue
      }
      rest.removeFirst()
    }
    while result.utf8.count > ServiceRules.longestName { result.unicodeScalars.removeLast() }
    return result
  }
}
