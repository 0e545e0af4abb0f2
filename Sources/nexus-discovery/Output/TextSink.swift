import Dispatch
import Glibc

/// Where text goes.
package protocol TextSink: Sendable {
  /// Writes all of `text` before it returns; throws `OutputClosed` or `CommandFailure`.
  func write(_ text: String) throws

  /// Ends the process, as done, as soon as nobody reads this any more: for commands that may have
  /// nothing to write for hours and would not notice.
  func endProcessWhenUnread()
}

/// Nobody reads our output any more (EPIPE).
package struct OutputClosed: Error {}

/// A file descriptor as a sink, without a buffer of its own.
package struct DescriptorSink: TextSink {
  package static let standardOutput = DescriptorSink(descriptor: STDOUT_FILENO)
  package static let standardError = DescriptorSink(descriptor: STDERR_FILENO)

  package let descriptor: Int32

  package init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  package func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
  }

  package func endProcessWhenUnread() {
    // A queue of its own: the global ones would wake the process each second.
    DispatchQueue(label: "reader").async { @Sendable [descriptor] in
      // Without events asked for, poll(2) returns for errors and a reader's end alone.
      var poller = pollfd(fd: descriptor, events: 0, revents: 0)
      while poll(&poller, 1, -1) < 0, errno == EINTR {}
      if poller.revents & Int16(POLLERR | POLLHUP) != 0 { _exit(ExitStatus.done.rawValue) }
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Glibc.write(
        descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count >= 0 {
        rest = rest.dropFirst(count)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        // The terminal may be shared with a program that made it non-blocking.
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&poller, 1, -1)
      case EPIPE: throw OutputClosed()
      default:
        throw CommandFailure("cannot write the output: \(String(cString: strerror(errno)))")
      }
    }
  }
}
