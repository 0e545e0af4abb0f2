import ConsoleBridge
import DiscoveryCore

/// Rows in columns, one line each, that fit the terminal.
package struct Table: Sendable {
  /// A column's heading, and how it gives way when there is not room for all.
  package struct Column: Hashable, Sendable {
    package let title: String
    /// The least width that still says something.
    package let minimum: Int
    /// The width that most rows need: no column gets more while another has less.
    package let comfort: Int
    /// Which column is left out first when even the least widths are too wide: the lowest.
    package let importance: Int
    /// Which column gets what room is left first: the highest.
    package let appetite: Int

    package init(
      _ title: String, minimum: Int, comfort: Int, importance: Int, appetite: Int
    ) {
      self.title = title
      self.minimum = minimum
      self.comfort = comfort
      self.importance = importance
      self.appetite = appetite
    }
  }

  /// What stands in one place: safe to show, whoever wrote it.
  package struct Cell: Hashable, Sendable {
    package let text: String
    package let style: Style?

    package init(_ text: String, style: Style? = nil) {
      let clean = PlainText.cleaned(text)
      self.text = clean.isEmpty ? "-" : clean
      self.style = style
    }
  }

  private static let gap = 2

  private let columns: [Column]
  private let rows: [[Cell]]

  /// A table of `rows`, each with one cell for each column.
  package init(columns: [Column], rows: [[Cell]]) {
    self.columns = columns
    self.rows = rows
  }

  /// The heading and the rows, none wider than `width` columns; nothing is cut when it is nil.
  package func lines(width: Int?, styled: Bool) -> [String] {
    let layout = layout(width: width)
    let heading = columns.map { Cell($0.title, style: .bold) }
    return ([heading] + rows).map { Self.line($0, layout: layout, styled: styled) }
  }

  private static func line(_ cells: [Cell], layout: [Slot], styled: Bool) -> String {
    var line = ""
    for (position, slot) in layout.enumerated() {
      let cell = cells[slot.column]
      let text = fitted(cell.text, width: slot.width)
      let isLast = position == layout.count - 1
      line += styled ? cell.style.map { $0.applied(to: text) } ?? text : text
      guard !isLast else { break }
      line += String(repeating: " ", count: slot.width - DisplayWidth.of(text) + gap)
    }
    return line
  }

  /// `text` in at most `width` columns, with "…" for what was cut off.
  package static func fitted(_ text: String, width: Int) -> String {
    guard DisplayWidth.of(text) > width else { return text }
    return width > 0 ? DisplayWidth.prefix(of: text, width: width - 1) + "…" : ""
  }

  /// A column that is shown, and how wide.
  private struct Slot {
    let column: Int
    var width: Int
  }

  private func layout(width: Int?) -> [Slot] {
    let natural = columns.indices.map { column in
      rows.reduce(DisplayWidth.of(columns[column].title)) {
        max($0, DisplayWidth.of($1[column].text))
      }
    }
    guard let width else { return columns.indices.map { Slot(column: $0, width: natural[$0]) } }
    var slots = columns.indices.map {
      Slot(column: $0, width: min(natural[$0], columns[$0].minimum))
    }
    while slots.count > 1, Self.total(slots) > width {
      let least = slots.indices.min {
        columns[slots[$0].column].importance < columns[slots[$1].column].importance
      }
      slots.remove(at: least ?? slots.endIndex - 1)
    }
    if slots.count == 1 { slots[0].width = min(slots[0].width, width) }
    var left = width - Self.total(slots)
    let hungriest = slots.indices.sorted {
      columns[slots[$0].column].appetite > columns[slots[$1].column].appetite
    }
    for isComfortEnough in [true, false] {
      for slot in hungriest {
        let column = slots[slot].column
        let wanted =
          isComfortEnough ? min(natural[column], columns[column].comfort) : natural[column]
        let more = min(max(left, 0), max(wanted - slots[slot].width, 0))
        slots[slot].width += more
        left -= more
      }
    }
    return slots
  }

  private static func total(_ slots: [Slot]) -> Int {
    slots.reduce(gap * (slots.count - 1)) { $0 + $1.width }
  }
}
