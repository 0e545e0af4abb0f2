import Foundation
import Synchronization

/// A process of the lab: each line that it prints is kept with the moment at which it was read, and
/// can be waited for.
final class LabProcess: Sendable {
  enum Stream: Sendable {
    case output
    case errors
  }

  struct Line: Sendable {
    let text: String
    let stream: Stream
    /// Its place among all lines of the process.
    let index: Int
    let at: ContinuousClock.Instant
    let date: Date
  }

  enum Exit: Hashable, Sendable {
    case status(Int32)
    case signal(Int32)
  }

  /// How the command line reads, for messages.
  let title: String
  /// The process that was spawned here: `nsenter` or `unshare`, not what they run.
  let spawnedPID: pid_t

  private struct State: ~Copyable {
    var lines: [Line] = []
    /// What came after the last line break.
    var rest: [Stream: [UInt8]] = [:]
    var exit: Exit?
    var innerPID: Int32?
    var isInputOpen = true
    var waiters: [Int: Waiter] = [:]
    var nextWaiter = 0
  }

  private struct Waiter {
    /// Resumes and returns true when its condition holds, or can no longer come to hold.
    let wake: @Sendable ([Line], Exit?, Int32?) -> Bool
    let fail: @Sendable (LabError) -> Void
  }

  private let input: Int32
  private let announcesPID: Bool
  private let state = Mutex(State())

  /// With `announcesPID`, the first line of output is the id that the process has in its own
  /// namespace.
  init(
    _ arguments: [String], title: String, environment: [String: String], announcesPID: Bool
  ) throws {
    let child = try ChildProcess(arguments, environment: environment)
    self.title = title
    self.announcesPID = announcesPID
    spawnedPID = child.pid
    input = child.input
    Thread.detachNewThread { self.follow(child) }
  }

  // MARK: What it says

  var lines: [Line] { state.withLock { $0.lines } }

  /// All that it wrote to `stream`, line by line.
  func text(of stream: Stream) -> String {
    lines.filter { $0.stream == stream }.map(\.text).joined(separator: "\n")
  }

  /// The first line from `index` on that fits; throws when the process ends without it. `fits` must
  /// not look at the process itself.
  @discardableResult
  func line(
    from index: Int = 0, within limit: Duration = .seconds(30), _ what: String,
    where fits: @escaping @Sendable (Line) -> Bool
  ) async throws -> Line {
    try await wait(within: limit, for: what) { lines, exit, _ in
      if let line = lines.dropFirst(index).first(where: fits) { return .success(line) }
      return exit.map { .failure(LabError("ended (\($0)) before \(what)")) }
    }
  }

  @discardableResult
  func line(
    containing part: String, from index: Int = 0, within limit: Duration = .seconds(30)
  ) async throws -> Line {
    try await line(from: index, within: limit, "a line with \"\(part)\"") {
      $0.text.contains(part)
    }
  }

  // MARK: Its life

  /// How it ended, as soon as it has ended and all its output is read.
  @discardableResult
  func exit(within limit: Duration = .seconds(60)) async throws -> Exit {
    try await wait(within: limit, for: "its end") { _, exit, _ in exit.map { .success($0) } }
  }

  var isRunning: Bool { state.withLock { $0.exit == nil } }

  /// The id that the process has inside its host.
  var pid: Int32 {
    get async throws {
      try await wait(within: .seconds(30), for: "its process id") { _, exit, pid in
        if let pid { return .success(pid) }
        return exit.map { .failure(LabError("ended (\($0)) before it began")) }
      }
    }
  }

  /// Writes a line to its input.
  func send(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    let isOpen = state.withLock { $0.isInputOpen }
    guard isOpen else { return }
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      sent += count
    }
  }

  func closeInput() {
    let wasOpen = state.withLock { state in
      defer { state.isInputOpen = false }
      return state.isInputOpen
    }
    if wasOpen { close(input) }
  }

  // MARK: Inside

  private func wait<Value: Sendable>(
    within limit: Duration, for what: String,
    _ check: @escaping @Sendable ([Line], Exit?, Int32?) -> Result<Value, LabError>?
  ) async throws -> Value {
    try await withCheckedThrowingContinuation {
      (continuation: CheckedContinuation<Value, any Error>) in
      let id: Int? = state.withLock { state in
        let waiter = Waiter(
          wake: { [self] lines, exit, pid in
            guard let result = check(lines, exit, pid) else { return false }
            continuation.resume(with: result.mapError { explained($0, after: lines) as any Error })
            return true
          },
          fail: { continuation.resume(throwing: $0) })
        if waiter.wake(state.lines, state.exit, state.innerPID) { return nil }
        defer { state.nextWaiter += 1 }
        state.waiters[state.nextWaiter] = waiter
        return state.nextWaiter
      }
      guard let id else { return }
      DispatchQueue.global().asyncAfter(deadline: .now() + limit.seconds) { [self] in
        let (waiter, lines) = state.withLock { ($0.waiters.removeValue(forKey: id), $0.lines) }
        waiter?.fail(explained(LabError("waited \(limit) for \(what)"), after: lines))
      }
    }
  }

  private func explained(_ error: LabError, after lines: [Line]) -> LabError {
    let last = lines.suffix(30).map { "  | \($0.text)" }.joined(separator: "\n")
    return LabError("\(title): \(error)\n\(last.isEmpty ? "  (it printed nothing)" : last)")
  }

  /// Reads both pipes to their ends, then collects the process. Runs on a thread of its own, before
  /// all others where that may be, so that a line's moment is the moment at which it came.
  private func follow(_ child: ChildProcess) {
    // Of this thread alone, on Linux.
    _ = setpriority(.init(PRIO_PROCESS.rawValue), 0, -15)
    var sources: [(descriptor: Int32, stream: Stream)] = [
      (child.output, .output), (child.errors, .errors),
    ]
    var buffer = [UInt8](repeating: 0, count: 65536)
    while !sources.isEmpty {
      var polled = sources.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
      guard poll(&polled, nfds_t(polled.count), -1) > 0 else { continue }
      for (source, result) in zip(sources, polled) where result.revents != 0 {
        let count = read(source.descriptor, &buffer, buffer.count)
        if count > 0 {
          take(buffer[..<count], from: source.stream)
        } else {
          close(source.descriptor)
          sources.removeAll { $0.descriptor == source.descriptor }
        }
      }
    }
    var status: Int32 = 0
    while waitpid(child.pid, &status, 0) < 0 && errno == EINTR {}
    closeInput()
    finish(status & 0x7F == 0 ? .status(status >> 8 & 0xFF) : .signal(status & 0x7F))
  }

  private func take(_ bytes: ArraySlice<UInt8>, from stream: Stream) {
    let (at, date) = (ContinuousClock.now, Date())
    state.withLock { state in
      var pieces = (state.rest[stream, default: []] + bytes)
        .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      state.rest[stream] = pieces.popLast().map(Array.init)
      for piece in pieces {
        let text = String(decoding: piece, as: UTF8.self)
        if announcesPID, stream == .output, state.innerPID == nil, let pid = Int32(text) {
          state.innerPID = pid
        } else {
          state.lines.append(
            Line(text: text, stream: stream, index: state.lines.count, at: at, date: date))
        }
      }
      Self.wakeWaiters(&state)
    }
  }

  private func finish(_ exit: Exit) {
    let (at, date) = (ContinuousClock.now, Date())
    state.withLock { state in
      for (stream, rest) in state.rest where !rest.isEmpty {
        state.lines.append(
          Line(
            text: String(decoding: rest, as: UTF8.self), stream: stream,
            index: state.lines.count, at: at, date: date))
      }
      state.exit = exit
      Self.wakeWaiters(&state)
    }
  }

  private static func wakeWaiters(_ state: inout State) {
    for (id, waiter) in state.waiters
    where waiter.wake(state.lines, state.exit, state.innerPID) {
      state.waiters[id] = nil
    }
  }
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
