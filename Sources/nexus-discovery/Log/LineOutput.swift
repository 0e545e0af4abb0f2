import Glibc

/// A descriptor that whole lines are written to, and that may fail: logging never stops a daemon.
package struct LineOutput {
  private let descriptor: Int32
  /// The last line could be written in part only, so the next must begin with a newline.
  private var isInsideLine = false

  /// Writes to `descriptor`, which stays the caller's.
  ///
  /// The process ignores SIGPIPE from here on: a reader that goes is an error of write(2), no death.
  package init(descriptor: Int32) {
    self.descriptor = descriptor
    signal(SIGPIPE, SIG_IGN)
  }

  /// Writes `line`, in one write(2) unless the system takes only a part of it. What it does not
  /// take at all, with a reader gone (EPIPE) or a full pipe that must not block (EAGAIN), is lost.
  package mutating func write(_ line: [UInt8]) {
    var rest = isInsideLine ? [UInt8(ascii: "\n")] + line[...] : line[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
      isInsideLine = !rest.isEmpty
    }
  }
}
