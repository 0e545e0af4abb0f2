import Glibc

/// What standard output is, as far as it changes what is printed.
package struct Terminal: Hashable, Sendable {
  /// Columns that a line may take; nil when output is no terminal, and nothing is cut.
  package var width: Int?
  /// True when colour and bold may be used.
  package var hasColor: Bool

  package init(width: Int?, hasColor: Bool) {
    self.width = width
    self.hasColor = hasColor
  }

  /// What `descriptor` is now: the width from the terminal itself, else from `COLUMNS`, else 80;
  /// no colour with `NO_COLOR` (no-color.org) or on a dumb terminal.
  package init(descriptor: Int32, environment: (String) -> String?) {
    guard isatty(descriptor) == 1 else {
      self.init(width: nil, hasColor: false)
      return
    }
    var size = winsize()
    let columns =
      ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
      ? Int(size.ws_col) : environment("COLUMNS").flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    let kind = environment("TERM") ?? "dumb"
    self.init(
      width: columns ?? 80,
      hasColor: kind != "dumb" && environment("NO_COLOR").map(\.isEmpty) ?? true)
  }
}
