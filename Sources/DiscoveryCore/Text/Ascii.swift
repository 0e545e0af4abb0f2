/// The few ASCII codes that parsing bytes from the network needs names for.
package enum Ascii {
  package static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
  package static let lowercaseLetters = UInt8(ascii: "a")...UInt8(ascii: "z")
  package static let uppercaseLetters = UInt8(ascii: "A")...UInt8(ascii: "Z")
  package static let hyphen = UInt8(ascii: "-")
  package static let dot = UInt8(ascii: ".")
  package static let colon = UInt8(ascii: ":")
  package static let slash = UInt8(ascii: "/")
  package static let percent = UInt8(ascii: "%")
  package static let equals = UInt8(ascii: "=")
  package static let backslash = UInt8(ascii: "\\")

  /// An ASCII capital as its small letter; any other byte as it is.
  package static func lowercased(_ byte: UInt8) -> UInt8 {
    uppercaseLetters.contains(byte) ? byte | 0x20 : byte
  }

  /// The value of a hexadecimal digit, or nil.
  package static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case digits: byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
