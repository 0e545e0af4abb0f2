/// Text that others wrote, made safe to show: on a terminal, in a table, in a log line.
///
/// Control characters could move the cursor or forge a line, bidi controls could reorder what is
/// read; both become visible escapes. Everything that is seen stays as it is: any script, and emoji
/// with the joiners that hold them together.
package enum PlainText {
  /// `text` with each unsafe scalar as `\n`, `\t`, `\r` or `\u{202E}`: always one line.
  package static func cleaned(_ text: String) -> String {
    // In one piece, as native strings lie: most are plain, and this is all that they take.
    let isPlain = text.utf8.withContiguousStorageIfAvailable { $0.allSatisfy(isPrintable) }
    if isPlain == true { return text }
    var clean = ""
    clean.reserveCapacity(text.utf8.count + 16)
    for character in text {
      var scalars = character.unicodeScalars.makeIterator()
      guard let first = scalars.next() else { continue }
      append(first, to: &clean, after: nil)
      while let scalar = scalars.next() { append(scalar, to: &clean, after: first) }
    }
    return clean
  }

  private static func isPrintable(_ byte: UInt8) -> Bool { (0x20..<0x7F).contains(byte) }

  /// Appends `scalar`, which follows `first` in its character, or begins it when that is nil.
  private static func append(
    _ scalar: Unicode.Scalar, to text: inout String, after first: Unicode.Scalar?
  ) {
    guard isUnsafe(scalar, after: first) else {
      text.unicodeScalars.append(scalar)
      return
    }
    switch scalar {
    case "\n": text += "\\n"
    case "\r": text += "\\r"
    case "\t": text += "\\t"
    default: text += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
    }
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar, after first: Unicode.Scalar?) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    case .format: !isVisibleFormat(scalar) && !holdsTogether(scalar, after: first)
    default: scalar.properties.isNoncharacterCodePoint
    }
  }

  /// Format characters that have a shape of their own: Arabic and Indic number signs, hieroglyph
  /// joiners.
  private static func isVisibleFormat(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0600...0x0605, 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2: true
    case 0x110BD, 0x110CD, 0x13430...0x1345F: true
    default: false
    }
  }

  /// Joiners after something that they can join, and the tags that make a flag of a black flag.
  private static func holdsTogether(
    _ scalar: Unicode.Scalar, after first: Unicode.Scalar?
  ) -> Bool {
    guard let first, !isUnsafe(first, after: nil) else { return false }
    switch scalar.value {
    case 0x200C, 0x200D: return true
    case 0xE0020...0xE007F: return first.value == 0x1F3F4
    default: return false
    }
  }
}
