/// One advertised DNS-SD service: an instance name in a service type (RFC 6763 §4.1).
package struct ServiceInstance: Hashable, Sendable {
  /// The instance label as a person reads it: up to 63 bytes of any UTF-8, dots and spaces included.
  package let name: String
  package let type: ServiceType
  /// The escaped full name (RFC 6763 §4.3), as `avahi_service_name_join` builds it:
  /// `dot\.ted\032box._ollama._tcp.local`.
  package let fullName: String

  package init(name: String, type: ServiceType, fullName: String) {
    self.name = name
    self.type = type
    self.fullName = fullName
  }
}

extension ServiceInstance {
  /// The escaped full name of an instance (RFC 6763 §4.3), the way Avahi escapes it: a backslash before
  /// dots and backslashes, and bytes that are no letter, digit, "-" or "_" as three decimal digits.
  package static func fullName(of name: String, type: ServiceType) -> String {
    var label: [UInt8] = []
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "."), UInt8(ascii: "\\"): label += [UInt8(ascii: "\\"), byte]
      case Ascii.digits, Ascii.lowercaseLetters, UInt8(ascii: "A")...UInt8(ascii: "Z"),
        Ascii.hyphen, UInt8(ascii: "_"):
        label.append(byte)
      default:
        label.append(UInt8(ascii: "\\"))
        label += [byte / 100, byte / 10 % 10, byte % 10].map { UInt8(ascii: "0") + $0 }
      }
    }
    return String(decoding: label, as: UTF8.self) + "." + type.fullName
  }
}
