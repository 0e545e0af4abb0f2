import APIModel
import ConsoleBridge
import DiscoveryCore

/// The lines of `watch`: pure, so that what comes over the socket alone decides what is printed.
///
/// A later snapshot (the daemon cut us short because we read too slowly, or it was started anew) is
/// told as the changes that lead to it, so that a reader who adds up the lines is never wrong.
package struct WatchLines: Sendable {
  /// How lines look.
  package enum Form: Hashable, Sendable {
    /// JSON Lines: `{"event":"added","revision":42,"backend":{…}}`.
    case json
    case text(width: Int?, styled: Bool)
  }

  /// A backend as it was last told, with its very bytes.
  private struct Known: Sendable {
    let backend: BackendDocument
    let bytes: [UInt8]
  }

  private let form: Form
  private var known: [String: Known] = [:]
  private var hasSnapshot = false
  private var nameWidth = 16

  package init(form: Form) {
    self.form = form
  }

  /// The lines for one server-sent event.
  ///
  /// - Throws: `JSONMismatch` when the daemon's JSON is not what it should be.
  package mutating func lines(
    event: String, id: String?, data: [UInt8], now: WallTime
  ) throws -> [String] {
    guard let event = WatchEvent(rawValue: event) else { return [] }
    if event == .snapshot { return try snapshotLines(data, now: now) }
    let one = Known(
      backend: try JSONText.decode(BackendDocument.self, from: data), bytes: data)
    known[one.backend.id] = event == .removed ? nil : one
    return [line(event.rawValue, revision: id ?? "null", one, now: now)]
  }

  /// The event that tells best what became of a backend while nobody watched; nil when it was only
  /// seen or checked again, which found nothing new.
  private static func event(from old: Known, to new: Known) -> WatchEvent? {
    guard old.bytes != new.bytes else { return nil }
    switch (old.backend.expiresAt, new.backend.expiresAt) {
    case (nil, .some): return .disappeared
    case (.some, nil): return .reappeared
    default:
      // What this version knows nothing of is another.
      if old.backend == new.backend { return .updated }
      var comparable = old.backend
      comparable.status = new.backend.status
      // Another run of the daemon counts from its own start.
      comparable.firstSeen = new.backend.firstSeen
      comparable.lastSeen = new.backend.lastSeen
      comparable.lastCheck = new.backend.lastCheck
      comparable.latencyMilliseconds = new.backend.latencyMilliseconds
      comparable.lastError = new.backend.lastError
      guard comparable == new.backend else { return .updated }
      return old.backend.status == new.backend.status ? nil : .status
    }
  }

  private mutating func snapshotLines(_ data: [UInt8], now: WallTime) throws -> [String] {
    let list = try JSONText.decode(JSON.self, from: data)
    let current = try list.array("backends").map {
      Known(backend: try BackendDocument($0), bytes: Array($0.source))
    }
    let revision = "\(try list.unsignedInteger("revision"))"
    let before = known
    known = Dictionary(current.map { ($0.backend.id, $0) }) { first, _ in first }
    defer { hasSnapshot = true }
    guard hasSnapshot else {
      nameWidth = current.reduce(nameWidth) {
        max($0, DisplayWidth.of(PlainText.cleaned($1.backend.name)))
      }
      return current.map { line("present", revision: revision, $0, now: now) }
    }
    let gone = before.values.filter { known[$0.backend.id] == nil }
      .sorted { $0.backend.id < $1.backend.id }
    return gone.map { line(WatchEvent.removed.rawValue, revision: revision, $0, now: now) }
      + current.compactMap { one in
        guard let old = before[one.backend.id] else {
          return line(WatchEvent.added.rawValue, revision: revision, one, now: now)
        }
        guard let event = Self.event(from: old, to: one) else { return nil }
        return line(event.rawValue, revision: revision, one, now: now)
      }
  }

  private func line(
    _ event: String, revision: String, _ known: Known, now: WallTime
  ) -> String {
    switch form {
    case .json:
      return "{\"event\":\"\(event)\",\"revision\":\(revision),\"backend\":"
        + String(decoding: known.bytes.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }, as: UTF8.self)
        + "}"
    case .text(let width, let styled):
      return text(event, known.backend, now: now, width: width, styled: styled)
    }
  }

  // MARK: - For people

  private static let eventWidth = 11

  /// `14:03:22  disappeared  gpu-box-02  http://10.0.0.5:11434  60s left`.
  private func text(
    _ event: String, _ backend: BackendDocument, now: WallTime, width: Int?, styled: Bool
  ) -> String {
    let word = event == WatchEvent.status.rawValue ? backend.status : event
    let widest = nameWidth
    let nameWidth = width.map { min(widest, max(16, $0 / 3)) } ?? widest
    let name = PlainText.cleaned(backend.name)
    let shownName = width == nil ? name : Table.fitted(name, width: nameWidth)
    let time = LocalTime.clock(now)
    let rest = [
      Self.padded(shownName, to: nameWidth), backend.url,
      Self.note(event, backend, now: now),
    ]
    .filter { !$0.isEmpty }.joined(separator: "  ")
    let line = "\(time)  \(Self.padded(word, to: Self.eventWidth))  \(PlainText.cleaned(rest))"
    let fitted = width.map { Table.fitted(line, width: $0) } ?? line
    let start = "\(time)  \(word)"
    guard styled, let style = Self.style(word), fitted.hasPrefix(start) else { return fitted }
    return "\(time)  \(style.applied(to: word))\(fitted.dropFirst(start.count))"
  }

  /// What else is worth a word about it.
  private static func note(_ event: String, _ backend: BackendDocument, now: WallTime) -> String {
    if let end = backend.expiresAt, event != WatchEvent.removed.rawValue {
      return "\(max(0, (end.time.milliseconds - now.milliseconds + 999) / 1000))s left"
    }
    switch WatchEvent(rawValue: event) {
    case .status: return health(of: backend)
    case .removed: return ""
    default:
      let count = backend.models.count
      return backend.type + (count == 0 ? "" : count == 1 ? ", 1 model" : ", \(count) models")
    }
  }

  /// Why it is unhealthy; how fast it answered, and what is odd about it.
  private static func health(of backend: BackendDocument) -> String {
    let isHealthy = backend.status == BackendStatus.healthy.rawValue
    let latency = isHealthy ? backend.latencyMilliseconds.map { "\(tenths($0)) ms" } : nil
    return [latency, backend.lastError].compactMap { $0 }.joined(separator: ", ")
  }

  /// `number` with one decimal.
  private static func tenths(_ number: Double) -> String {
    let tenths = Int64((min(max(number, 0), 1e9) * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  private static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - DisplayWidth.of(text)))
  }

  private static func style(_ word: String) -> Style? {
    switch word {
    case "healthy", "added", "reappeared": .green
    case "unhealthy", "removed": .red
    case "disappeared", "unknown": .yellow
    default: nil
    }
  }
}
