/// How text looks on a terminal that shows colour (ECMA-48 SGR).
package enum Style: String, Hashable, Sendable {
  case bold = "1"
  case dim = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"

  /// `text` between the style's start and the end of all styles.
  package func applied(to text: String) -> String {
    text.isEmpty ? "" : "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
  }
}
