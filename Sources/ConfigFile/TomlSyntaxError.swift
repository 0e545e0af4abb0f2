/// Why a text is no TOML.
struct TomlSyntaxError: Error {
  let position: TomlPosition
  /// `while parsing key-value pair: expected value, saw 'x'`
  let message: String
  let hint: String?

  /// What toml++ says of `text`, and where.
  init(description: String, position: TomlPosition, text: String) {
    let position = Self.withinLine(position, in: text)
    let prefix = "Error while "
    message =
      description.hasPrefix(prefix)
      ? "while " + description.dropFirst(prefix.count) : description
    if description.contains("cannot redefine existing") {
      // toml++ points at the second value; what is wrong is its key.
      self.position = Self.startOfKey(before: position, in: text)
      hint = "it is there already, further up"
    } else {
      self.position = position
      hint =
        description.contains("could not determine value type")
        ? "text stands in quotes; a boolean is true or false" : nil
    }
  }

  /// toml++ counts on past a last line's end.
  private static func withinLine(_ position: TomlPosition, in text: String) -> TomlPosition {
    let length = line(position.line, of: text)?.count ?? 0
    return TomlPosition(line: position.line, column: min(position.column, length + 1))
  }

  /// Where the line of `position` begins past its blanks, unless it holds an inline table, in which
  /// the key could be anywhere.
  private static func startOfKey(before position: TomlPosition, in text: String) -> TomlPosition {
    guard let line = line(position.line, of: text)?.prefix(position.column - 1),
      !line.contains("{"), let start = line.firstIndex(where: { !isBlank($0) })
    else { return position }
    let column = line.distance(from: line.startIndex, to: start) + 1
    return TomlPosition(line: position.line, column: column)
  }

  private static func line(_ number: Int, of text: String) -> Substring.UnicodeScalarView? {
    text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .dropFirst(number - 1).first
  }

  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }
}
