/// Host names as DNS compares them: without case, with or without the last dot.
package enum HostName {
  /// `text` in lower case without the last dot, when it is a host name: labels of 1 to 63 letters,
  /// digits, hyphens or underscores, 253 bytes in all (RFC 1123 §2.1; underscores are seen in the
  /// field), not all of them numbers. Else nil.
  package static func normalized(_ text: String) -> String? {
    var bytes = text.utf8.map(Ascii.lowercased)
    if bytes.last == Ascii.dot { bytes.removeLast() }
    guard (1...253).contains(bytes.count) else { return nil }
    let labels = bytes.split(separator: Ascii.dot, omittingEmptySubsequences: false)
    for label in labels {
      guard (1...63).contains(label.count), label.first != Ascii.hyphen,
        label.last != Ascii.hyphen, label.allSatisfy(isNameByte)
      else { return nil }
    }
    guard labels.last?.allSatisfy(Ascii.digits.contains) == false else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  package static func normalized(_ text: Substring) -> String? {
    normalized(String(text))
  }

  /// True for `localhost` and all below it (RFC 6761 §6.3).
  package static func isLoopback(_ name: String) -> Bool {
    name.withBytes { name in
      guard let start = start(of: "localhost", in: name) else { return false }
      return start == 0 || name[start - 1] == Ascii.dot
    }
  }

  /// True for a name below `.local` (RFC 6762 §3) in DNS's escaped form, in any case, with or without
  /// the last dot, be it a host name or not.
  package static func isBelowLocal(_ name: String) -> Bool {
    name.withBytes { name in
      let hasLastDot = name.last == Ascii.dot
      let bytes = UnsafeBufferPointer(rebasing: name.dropLast(hasLastDot ? 1 : 0))
      guard let dot = start(of: ".local", in: bytes), dot > 0 else { return false }
      // An escaped dot is part of a label.
      var label = dot
      while label > 0, name[label - 1] == Ascii.backslash { label -= 1 }
      return (dot - label).isMultiple(of: 2)
    }
  }

  /// Where `name` begins to end with `end`, in any case; nil where it does not.
  private static func start(of end: StaticString, in name: UnsafeBufferPointer<UInt8>) -> Int? {
    let start = name.count - end.utf8CodeUnitCount
    guard start >= 0 else { return nil }
    for offset in 0..<end.utf8CodeUnitCount {
      let (byte, wanted) = (name[start + offset], end.utf8Start[offset])
      guard byte == wanted || Ascii.lowercased(byte) == wanted else { return nil }
    }
    return start
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case Ascii.lowercaseLetters, Ascii.digits, Ascii.hyphen, UInt8(ascii: "_"): true
    default: false
    }
  }
}
