/// The few ASCII codes that parsing bytes from the network needs names for.
///
/// Inlinable: stored ones would be reached by a call from every other module, for each byte.
package enum Ascii {
  @inlinable package static var digits: ClosedRange<UInt8> {
    UInt8(ascii: "0")...UInt8(ascii: "9")
  }
  @inlinable package static var lowercaseLetters: ClosedRange<UInt8> {
    UInt8(ascii: "a")...UInt8(ascii: "z")
  }
  @inlinable package static var uppercaseLetters: ClosedRange<UInt8> {
    UInt8(ascii: "A")...UInt8(ascii: "Z")
  }
  @inlinable package static var hyphen: UInt8 { UInt8(ascii: "-") }
  @inlinable package static var dot: UInt8 { UInt8(ascii: ".") }
  @inlinable package static var colon: UInt8 { UInt8(ascii: ":") }
  @inlinable package static var slash: UInt8 { UInt8(ascii: "/") }
  @inlinable package static var percent: UInt8 { UInt8(ascii: "%") }
  @inlinable package static var equals: UInt8 { UInt8(ascii: "=") }
  @inlinable package static var backslash: UInt8 { UInt8(ascii: "\\") }

  /// An ASCII capital as its small letter; any other byte as it is.
  @inlinable package static func lowercased(_ byte: UInt8) -> UInt8 {
    uppercaseLetters.contains(byte) ? byte | 0x20 : byte
  }

  /// The value of a hexadecimal digit, or nil.
  @inlinable package static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case digits: byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
