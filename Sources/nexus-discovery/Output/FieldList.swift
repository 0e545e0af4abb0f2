import DiscoveryCore

/// Named values, a line each, their values aligned; a list goes on below its first line.
package struct FieldList: Sendable {
  private var fields: [(name: String, values: [Value])] = []

  private struct Value: Sendable {
    let text: String
    let style: Style?
  }

  package init() {}

  /// Adds one value, or nothing when it is nil or empty.
  package mutating func add(_ name: String, _ value: String?, style: Style? = nil) {
    add(name, value.map { [$0] } ?? [], style: style)
  }

  /// Adds several values under one name, or nothing when there are none.
  package mutating func add(_ name: String, _ values: [String], style: Style? = nil) {
    let values = values.filter { !$0.isEmpty }
      .map { Value(text: PlainText.cleaned($0), style: style) }
    if !values.isEmpty { fields.append((name, values)) }
  }

  /// The lines; values are never cut, since nowhere else would show them whole.
  package func lines(styled: Bool) -> [String] {
    let width = (fields.map(\.name.count).max() ?? 0) + 3
    return fields.flatMap { field in
      field.values.enumerated().map { index, value in
        let label = index == 0 ? "\(field.name):" : ""
        let shown = styled && index == 0 ? Style.bold.applied(to: label) : label
        return shown + String(repeating: " ", count: width - label.count)
          + (styled ? value.style?.applied(to: value.text) ?? value.text : value.text)
      }
    }
  }
}
