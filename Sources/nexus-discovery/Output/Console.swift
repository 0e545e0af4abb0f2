import ConsoleBridge
import DiscoveryCore
import EventLoop

/// All of the outside that a command sees: where it writes, for whom, the environment, the clock.
package struct Console: Sendable {
  private let output: any TextSink
  private let errors: any TextSink
  /// What standard output is.
  package let terminal: Terminal
  /// The value of an environment variable; nil when it is not set.
  package let environment: @Sendable (String) -> String?
  private let clock: any DiscoveryClock

  package init(
    output: any TextSink, errors: any TextSink, terminal: Terminal,
    environment: @escaping @Sendable (String) -> String?, clock: any DiscoveryClock
  ) {
    self.output = output
    self.errors = errors
    self.terminal = terminal
    self.environment = environment
    self.clock = clock
  }

  /// The process's own.
  package static var standard: Console {
    let output = DescriptorSink.standardOutput
    return Console(
      output: output, errors: DescriptorSink.standardError,
      terminal: Terminal(descriptor: output.descriptor, environment: Environment.variable),
      environment: Environment.variable, clock: SystemClock())
  }

  package var now: WallTime { clock.now().wall }

  package var uptime: Uptime { clock.now().uptime }

  /// Returns when `duration` has passed.
  package func sleep(for duration: Duration) async throws {
    try await clock.sleep(until: uptime.advanced(by: duration))
  }

  /// Writes to standard output at once.
  package func write(_ text: String) throws {
    try output.write(text)
  }

  /// Writes lines to standard output, all at once.
  package func write(lines: [String]) throws {
    guard !lines.isEmpty else { return }
    try write(lines.joined(separator: "\n") + "\n")
  }

  /// Ends the process, as done, as soon as nobody reads standard output any more.
  package func endProcessWhenUnread() {
    output.endProcessWhenUnread()
  }

  /// Writes to standard error; that it cannot be written to is nobody's to know.
  package func writeError(_ text: String) {
    try? errors.write(text)
  }

  /// Tells a person on standard error, on one line, whatever `message` holds.
  package func complain(_ message: String) {
    writeError("\(Product.name): \(PlainText.cleaned(message))\n")
  }
}
