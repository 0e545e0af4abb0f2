import CConsole
import Glibc

/// How many columns text takes on a terminal, as wcwidth(3) says.
package enum DisplayWidth {
  /// wcwidth answers by the process's locale: UTF-8 whatever the environment says.
  private static let isLocaleSet: Bool = setlocale(LC_CTYPE, "C.UTF-8") != nil

  /// The columns of `text`: 2 for wide characters and emoji, 0 for combining marks.
  package static func of(_ text: some StringProtocol) -> Int {
    text.unicodeScalars.reduce(0) { $0 + of($1) }
  }

  /// The same for what is mostly plain ASCII, a column for each byte; other modules get the generic one
  /// unspecialised.
  package static func of(_ text: String) -> Int {
    let isPlain = text.utf8.withContiguousStorageIfAvailable { bytes in
      bytes.allSatisfy { (0x20..<0x7F).contains($0) }
    }
    return isPlain == true ? text.utf8.count : of(text[...])
  }

  /// The longest start of `text`, whole characters only, of at most `width` columns.
  package static func prefix(of text: String, width: Int) -> Substring {
    var used = 0
    var end = text.startIndex
    for character in text {
      used += of(String(character))
      guard used <= width else { break }
      end = text.index(after: end)
    }
    return text[..<end]
  }

  /// What wcwidth does not know (-1) is counted as wide where emoji are, so that no line overflows.
  private static func of(_ scalar: Unicode.Scalar) -> Int {
    if (0x20..<0x7F).contains(scalar.value) { return 1 }
    guard isLocaleSet else { return 1 }
    let width = Int(cconsole_width(scalar.value))
    return width >= 0 ? width : scalar.value >= 0x1F000 ? 2 : 1
  }
}
