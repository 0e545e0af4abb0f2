import APIModel
import ConsoleBridge
import DiscoveryCore
import DiscoveryTestKit
import Synchronization

@testable import nexus_discovery

/// Keeps what is written.
final class BufferSink: TextSink {
  private let buffer = Mutex("")

  var text: String { buffer.withLock { $0 } }

  func write(_ text: String) { buffer.withLock { $0 += text } }

  func endProcessWhenUnread() {}
}

/// A clock that stands still.
struct FixedClock: DiscoveryClock {
  static let time = WallTime(milliseconds: 1_769_853_600_000)

  func now() -> Moment { Moment(uptime: Uptime(nanoseconds: 0), wall: Self.time) }
  func sleep(until deadline: Uptime?) async throws {}
}

/// A clock that stands still, and keeps what it was to wait for.
final class RecordingClock: DiscoveryClock {
  private let recorded = Mutex<[Duration]>([])

  var waits: [Duration] { recorded.withLock { $0 } }

  func now() -> Moment { FixedClock().now() }

  func sleep(until deadline: Uptime?) async throws {
    guard let deadline else { return }
    recorded.withLock { $0.append(now().uptime.duration(to: deadline)) }
  }
}

/// A run of the tool in the tests' own process.
struct ToolRun {
  let status: ExitStatus
  let output: String
  let errors: String

  init(
    _ arguments: [String], width: Int? = nil, hasColor: Bool = false,
    environment: [String: String] = [:], clock: any DiscoveryClock = FixedClock()
  ) async {
    let output = BufferSink()
    let errors = BufferSink()
    let console = Console(
      output: output, errors: errors, terminal: Terminal(width: width, hasColor: hasColor),
      environment: { environment[$0] }, clock: clock)
    status = await Tool.run(arguments, console: console)
    self.output = output.text
    self.errors = errors.text
  }
}

extension Backend {
  /// A healthy backend, but for what `change` says.
  static func example(
    _ name: String = "gpu-box-02", change: (inout BackendParts) -> Void = { _ in }
  ) -> Backend {
    var parts = BackendParts(
      id: BackendID(of: "\(name)._ollama._tcp.local", in: .dns), name: name,
      seen: FixedClock.time)
    parts.firstSeen = FixedClock.time.advanced(by: .seconds(-180))
    parts.status = .healthy
    parts.hostname = "gpu-box-02.local"
    parts.version = "0.5.7"
    parts.txt = TXTRecord(["version": "0.5.7"])
    change(&parts)
    return parts.backend
  }
}

extension BackendDocument {
  /// The same as a document.
  static func example(
    _ name: String = "gpu-box-02", change: (inout BackendParts) -> Void = { _ in }
  ) -> BackendDocument {
    BackendDocument(Backend.example(name, change: change))
  }
}
