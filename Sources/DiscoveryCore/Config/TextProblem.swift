/// Why a text is not what it must be.
package struct TextProblem: Error, Hashable, Sendable {
  private let text: String
  private let namesPlace: Bool
  /// What would be right, as the end of a sentence; nil where nobody knows.
  package let hint: String?

  /// The message for a value at the place of that name.
  package func message(at place: String) -> String { namesPlace ? "\(place) \(text)" : text }

  /// `"name" in [[backends]] must not be empty`.
  package static func must(_ rule: String, hint: String? = nil) -> Self {
    Self(text: "must \(rule)", namesPlace: true, hint: hint)
  }

  /// `"host" in [server] is …`.
  package static func because(_ rest: String, hint: String? = nil) -> Self {
    Self(text: rest, namesPlace: true, hint: hint)
  }

  /// `bad URL "…": …`; without the text where that is not to be repeated.
  package static func bad(_ what: String, _ text: String?, _ reason: String, hint: String? = nil)
    -> Self
  {
    let quoted = text.map { " \"\($0)\"" } ?? ""
    return Self(text: "bad \(what)\(quoted): \(reason)", namesPlace: false, hint: hint)
  }

  /// `"level" in [logging] must be "info" or "warn", but is "wran"; did you mean "warn"?`
  package static func notOneOf(_ names: [String], _ text: String) -> Self {
    let quoted = names.map { "\"\($0)\"" }
    let listed = quoted.dropLast().joined(separator: ", ") + " or " + (quoted.last ?? "")
    return .must(
      "be \(listed), but is \"\(text)\"",
      hint: NearestName.of(text, among: names).map { "did you mean \"\($0)\"?" })
  }
}

extension String {
  /// True when it holds control characters, which no name or path in a settings file has.
  package var hasControlCharacters: Bool {
    unicodeScalars.contains { $0.properties.generalCategory == .control }
  }
}
