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

  /// Writes `line`, and never waits for a reader: what cannot be taken at once is lost, with a reader
  /// gone (EPIPE) as with one that stopped reading. False when nothing of the line was taken.
  @discardableResult
  package mutating func write(_ line: [UInt8]) -> Bool {
    var rest = isInsideLine ? [UInt8(ascii: "\n")] + line[...] : line[...]
    var hasBegun = false
    while !rest.isEmpty {
      guard isReady else { return hasBegun }
      // A pipe that poll(2) calls writable takes this much without blocking (pipe(7)).
      let part = rest.prefix(Int(PIPE_BUF))
      let count = part.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return hasBegun }
      hasBegun = true
      rest = rest.dropFirst(count)
      isInsideLine = !rest.isEmpty
    }
    return true
  }

  private var isReady: Bool {
    var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&poller, 1, 0) == 1 && poller.revents & Int16(POLLOUT) != 0
  }
}
