import Foundation
import Testing

/// nexus-discovery running on a host of the lab, as its users see it: through its command line, its
/// log and what it tells the service manager.
struct Daemon: Sendable {
  /// A static backend that each configuration of the lab has: `watch` prints it first, so its line
  /// tells that the watch has begun. It is left out of what `list()` returns.
  static let marker = "marker"

  static let socket = "/run/nexus-discovery/api.sock"

  let host: LabHost
  let process: LabProcess
  /// What it tells the service manager: a line per datagram.
  let notifications: LabProcess

  /// nexus.toml for the lab: a grace period that a test can wait out, and the marker. Health is
  /// checked where `more` has that section: most of the lab's services have no server behind them.
  static func configuration(
    grace: Int = 3, queryInterval: Int = 30, discovery: String = "", more: String = ""
  ) -> String {
    let checks = more.contains("[health_check]") ? "" : "[health_check]\nenabled = false\n"
    return """
      \(checks)
      [discovery]
      grace_period_seconds = \(grace)
      query_interval_seconds = \(queryInterval)
      \(discovery)

      [[backends]]
      name = "\(marker)"
      url = "http://192.0.2.1:9"
      \(more)
      """
  }

  // MARK: Its command line

  /// Runs a client command.
  func command(_ arguments: String...) async throws -> LabHost.Output {
    try await host.run([LabAvailability.binary] + arguments)
  }

  /// `list --json`, without the marker.
  func list() async throws -> [ListedBackend] {
    let text = try await host.succeed(LabAvailability.binary, "list", "--json")
    return try LabJSON.decode([ListedBackend].self, from: text).filter { $0.name != Self.marker }
  }

  /// The one backend there is, as soon as it fits.
  func backend(
    within limit: Duration = .seconds(20), _ what: String = "one backend",
    where fits: (ListedBackend) -> Bool = { _ in true }
  ) async throws -> ListedBackend {
    var last: [ListedBackend] = []
    do {
      return try await eventually(within: limit, what) {
        last = try await list()
        return last.count == 1 ? last.first(where: fits) : nil
      }
    } catch let error as LabError {
      throw LabError("\(error); there are \(last)")
    }
  }

  /// A source as `status --json` has it.
  struct Source: Decodable {
    struct Limit: Decodable {
      let name: String
      let message: String
    }
    let source: String
    /// "disabled", "waiting", "up" or "down".
    let state: String
    let last_error: String?
    let reconnects: Int
    let sightings: Int
    let limits: [Limit]
  }

  func source(_ name: String) async throws -> Source? {
    struct Status: Decodable {
      let sources: [Source]
    }
    let text = try await host.succeed(LabAvailability.binary, "status", "--json")
    return try LabJSON.decode(Status.self, from: text).sources.first { $0.source == name }
  }

  func state(of source: String) async throws -> String? {
    try await self.source(source)?.state
  }

  /// When the status says so: the log may say it first.
  func becomes(_ state: String, _ source: String) async throws {
    _ = try await eventually(within: .seconds(10), "\(source) to be \(state)") {
      try await self.state(of: source) == state ? true : nil
    }
  }

  /// A stretch of at least 6 s in which nothing is asked without a reason: avahi-daemon asks by itself
  /// 0, 1, 3, 7, 15, 31 s after discovery began, the daemon after 1, 2, 4, 8, 16, 32 s, where its
  /// interval is no shorter.
  enum Calm: Int, CaseIterable {
    /// Milliseconds after discovery began.
    case first = 8700
    case second = 17_200
  }

  /// Lets time pass until the beginning of a calm.
  func waits(for calm: Calm) async throws {
    let beginning = try await logged("source_up") { $0["source"] == "mdns" }.at
    try await letTimePass(.milliseconds(calm.rawValue), after: beginning)
  }

  /// `watch --json`, from the moment on at which it prints what is there.
  func watch() async throws -> Watch {
    let process = try host.spawn([LabAvailability.binary, "watch", "--json"])
    try await process.line(containing: "\"\(Self.marker)\"")
    return Watch(process: process)
  }

  // MARK: Its log

  /// A line of the log with the given event.
  @discardableResult
  func logged(
    _ event: String, within limit: Duration = .seconds(20),
    where fits: @escaping @Sendable (LogLine) -> Bool = { _ in true }
  ) async throws -> LogLine {
    let line = try await process.line(within: limit, "the event \"\(event)\" in the log") {
      LogLine($0).map { $0["event"] == event && fits($0) } ?? false
    }
    guard let logged = LogLine(line) else { throw LabError("no JSON: \(line.text)") }
    return logged
  }

  var log: [LogLine] { process.lines.compactMap(LogLine.init) }

  // MARK: Its life

  /// Ends it as the service manager does.
  @discardableResult
  func stop(within limit: Duration = .seconds(30)) async throws -> LabProcess.Exit {
    try await host.stop(process, within: limit)
  }

  /// Ends it as the service manager does, which waits no longer than 2 s.
  func stopInTime() async throws {
    let (exit, took) = try await host.timeToStop(process)
    #expect(exit == .status(0))
    #expect(took < .seconds(2))
  }

  /// A size of the process in KiB, as /proc has it: "VmRSS" now, "VmHWM" at most so far.
  func memory(_ name: String) async throws -> Int {
    let text = try await host.succeed("grep", "\(name):", "/proc/\(try await process.pid)/status")
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count > 1, let size = Int(words[1]) else { throw LabError("no \(name): \(text)") }
    return size
  }

  /// How many clients avahi-daemon serves on its behalf: its connections to the system bus.
  func avahiClients() async throws -> Int {
    let script = """
      for name in $(dbus-send --system --print-reply --dest=org.freedesktop.DBus / \
        org.freedesktop.DBus.ListNames | sed -n 's/.*"\\(:.*\\)"/\\1/p'); do
        dbus-send --system --print-reply --dest=org.freedesktop.DBus / \
          org.freedesktop.DBus.GetConnectionUnixProcessID string:$name 2>&1 |
          sed -n 's/.*uint32 //p'
      done | grep -cx "$1" || true
      """
    let pid = try await process.pid
    let count = try await host.succeed("sh", "-c", script, "sh", String(pid))
    return Int(count.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }

  /// How often each of its threads gave up the processor of its own accord: each waking is one more.
  func voluntarySwitches() async throws -> [String: Int] {
    try await host.voluntarySwitches(of: process)
  }
}

extension LabHost {
  /// How often each thread of a process gave up the processor of its own accord.
  func voluntarySwitches(of process: LabProcess) async throws -> [String: Int] {
    let path = "/proc/\(try await process.pid)/task"
    let text = try await succeed(
      "sh", "-c", "grep -H voluntary_ctxt_switches \(path)/*/status | grep -v nonvoluntary")
    let counts = text.split(separator: "\n").compactMap { line -> (String, Int)? in
      guard let count = line.split(separator: "\t").last.flatMap({ Int($0) }) else { return nil }
      return (String(line.dropFirst(path.count + 1).prefix { $0 != "/" }), count)
    }
    return Dictionary(uniqueKeysWithValues: counts)
  }
}

/// A line of the log in its JSON form.
struct LogLine: Sendable {
  private let fields: [String: String]
  let at: ContinuousClock.Instant

  init?(_ line: LabProcess.Line) {
    guard line.stream == .errors, let object = try? LabJSON.object(line.text) else { return nil }
    fields = object.compactMapValues { $0 as? String ?? ($0 as? Int).map(String.init) }
    at = line.at
  }

  /// When the daemon wrote it, by its own clock.
  var date: Date? { self["time"].flatMap(LabJSON.date) }

  subscript(key: String) -> String? { fields[key] }

  /// How many lines or changes it stands for, if it is not one.
  var count: Int? { fields["count"].flatMap(Int.init) }
}

/// A running `watch --json`.
struct Watch: Sendable {
  let process: LabProcess

  /// All changes up to now, the marker's and the present ones left out.
  var changes: [WatchedChange] {
    process.lines.compactMap(Self.change)
  }

  /// The names of all changes of the backend called `name`, in order.
  func events(of name: String) -> [String] {
    changes.filter { $0.backend.name == name }.map(\.event)
  }

  /// The next change called `event`, from the given line on.
  @discardableResult
  func change(
    _ event: String, of name: String? = nil, from index: Int = 0,
    within limit: Duration = .seconds(20)
  ) async throws -> (change: WatchedChange, line: LabProcess.Line) {
    let what = "\"\(event)\"" + (name.map { " of \($0)" } ?? "")
    let line = try await process.line(from: index, within: limit, what) {
      guard let change = Self.change($0) else { return false }
      return change.event == event && (name == nil || change.backend.name == name)
    }
    guard let change = Self.change(line) else { throw LabError("no change: \(line.text)") }
    return (change, line)
  }

  /// How many lines there are, to look only at those that come later.
  var count: Int { process.lines.count }

  /// The change that a line tells; nil for any other line.
  static func change(_ line: LabProcess.Line) -> WatchedChange? {
    guard line.stream == .output,
      let change = try? LabJSON.decode(WatchedChange.self, from: line.text),
      change.event != "present", change.backend.name != Daemon.marker
    else { return nil }
    return change
  }
}

extension LabHost {
  /// Starts the daemon and returns when it says that it is ready. It keeps its state in `state`, else in
  /// a new directory: most tests begin with nothing.
  func startDaemon(
    _ configuration: String = Daemon.configuration(), arguments: [String] = [],
    format: String = "json", environment: [String: String] = [:], state: String? = nil
  ) async throws -> Daemon {
    try await write(configuration, to: "/run/nexus.toml")
    let notifications = try await receive(at: "/run/notify")
    let directory = state ?? "/run/state-\(UUID().uuidString)"
    // Its own alone, not of what enters the namespace.
    var command = ["/usr/bin/env"] + environment.map { "\($0)=\($1)" }
    command += [LabAvailability.binary, "serve", "--config", "/run/nexus.toml"]
    command += ["--log-format", format, "--state-dir", directory] + arguments
    let process = try spawn(command, environment: ["NOTIFY_SOCKET": "/run/notify"])
    let daemon = Daemon(host: self, process: process, notifications: notifications)
    do {
      try await notifications.line(containing: "READY=1")
    } catch {
      let said = process.lines.suffix(30).map { "  | \($0.text)" }.joined(separator: "\n")
      throw LabError("\(error)\n\(said)")
    }
    return daemon
  }

  /// Receives datagrams at a Unix socket and prints each as one line of JSON text.
  func receive(at path: String) async throws -> LabProcess {
    let script = """
      import json, os, socket, sys
      path = sys.argv[1]
      os.makedirs(os.path.dirname(path), exist_ok=True)
      if os.path.exists(path): os.unlink(path)
      inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      inbox.bind(path)
      print("bound", flush=True)
      while True:
        data = inbox.recv(1 << 16)
        print(json.dumps(data.decode(errors="replace"), ensure_ascii=False), flush=True)
      """
    let process = try spawn(["/usr/bin/python3", "-c", script, path])
    try await process.line(containing: "bound")
    return process
  }
}
