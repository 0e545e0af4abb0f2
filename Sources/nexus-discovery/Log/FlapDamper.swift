import DiscoveryCore

/// Keeps backends that come and go from filling the log.
///
/// Of each backend one disappearance and one reappearance are logged at once. What follows within
/// `period` of the first of them is withheld; then one line tells how often it went and came, and
/// which of both is true now. That line is the next pair, so that it is one per period as long as it
/// goes on. A backend that keeps still costs nothing.
///
/// It damps one of two things: coming and going, or becoming healthy and unhealthy.
package struct FlapDamper: Sendable {
  /// From the first line of a pair to the next pair.
  package static let period = Duration.seconds(10)

  /// What to log.
  package struct Line: Hashable, Sendable {
    /// The change; of several, the last one, with the backend as it is now.
    package let change: RegistryChange
    /// What was withheld and is told with it; nil for nothing.
    package let flaps: Flaps?

    package init(_ change: RegistryChange, flaps: Flaps? = nil) {
      self.change = change
      self.flaps = flaps
    }
  }

  /// How often a backend went and came, and in which time.
  package struct Flaps: Hashable, Sendable {
    package var downs = 0
    package var ups = 0
    package var duration = Duration.zero

    package init(downs: Int = 0, ups: Int = 0, duration: Duration = .zero) {
      self.downs = downs
      self.ups = ups
      self.duration = duration
    }

    /// How many changes that is.
    package var total: Int { downs + ups }
  }

  /// What turns to and fro.
  package enum Subject: Sendable {
    /// Whether a backend is there.
    case presence
    /// Its status, as far as that is known.
    case health
  }

  /// The two ways that a backend turns.
  private enum Turn {
    case down
    case up

    init?(_ change: RegistryChange, of subject: Subject) {
      switch (subject, change.kind, change.backend.status) {
      case (.presence, .disappeared, _), (.health, .status, .unhealthy): self = .down
      case (.presence, .reappeared, _), (.health, .status, .healthy): self = .up
      default: return nil
      }
    }
  }

  /// What happened to one backend since its last pair began.
  private struct Window {
    let began: Uptime
    /// True for a turn that was logged at once: there is no other one of its kind.
    var isDownTold = false
    var isUpTold = false
    /// The backend before the pair, and as it was last logged.
    let before: Backend
    var told: Backend
    /// The backend's last change that was withheld, be it a turn or an update.
    var withheld: RegistryChange?
    var lastTurn: RegistryChange.Kind
    var flaps = Flaps()

    /// True when `turn` is the first of its kind.
    mutating func tells(_ turn: Turn) -> Bool {
      switch turn {
      case .down:
        defer { isDownTold = true }
        return !isDownTold
      case .up:
        defer { isUpTold = true }
        return !isUpTold
      }
    }

    mutating func withhold(_ turn: Turn) {
      switch turn {
      case .down: flaps.downs += 1
      case .up: flaps.ups += 1
      }
    }
  }

  private var windows: [BackendID: Window] = [:]
  private var deadlines = DeadlineQueue<BackendID>()

  private let subject: Subject

  package init(of subject: Subject = .presence) {
    self.subject = subject
  }

  /// When `tick` is due; nil for never.
  package var nextDeadline: Uptime? { deadlines.earliest }

  /// How many backends came or went within the last period.
  package var count: Int { windows.count }

  /// Takes a change, and says what to log now.
  package mutating func take(_ change: RegistryChange, at now: Uptime) -> [Line] {
    let id = change.backend.id
    var lines: [Line] = []
    if let window = windows[id], window.began.advanced(by: Self.period) <= now {
      if let line = end(window, of: id, at: now) { lines.append(line) }
    }
    let turn = Turn(change, of: subject)
    guard var window = windows[id] else {
      if let turn { begin(turn, with: change, at: now) }
      return lines + [Line(change)]
    }
    if let turn {
      window.lastTurn = change.kind
      if window.tells(turn) {
        window.told = change.backend
        window.withheld = nil
        lines.append(Line(change))
      } else {
        window.withhold(turn)
        window.withheld = change
      }
      windows[id] = window
    } else if change.kind == .updated {
      // While it flaps, its sightings come and go one by one.
      window.withheld = change
      windows[id] = window
    } else if change.kind == .removed {
      windows[id] = nil
      deadlines.cancel(id)
      let flaps = Self.flaps(of: window, at: now)
      lines.append(Line(change, flaps: flaps.total > 0 ? flaps : nil))
    } else {
      lines.append(Line(change))
    }
    return lines
  }

  /// Says what to log of what was withheld until now.
  package mutating func tick(at now: Uptime) -> [Line] {
    deadlines.takeDue(at: now).compactMap { id in
      windows[id].flatMap { end($0, of: id, at: now) }
    }
  }

  /// Forgets a backend, and what was withheld of it.
  package mutating func forget(_ id: BackendID) {
    windows[id] = nil
    deadlines.cancel(id)
  }

  /// Forgets all backends, and says what to log of them before it.
  package mutating func finish(at now: Uptime) -> [Line] {
    let lines = windows.values.compactMap { Self.summary(of: $0, at: now) }
    self = FlapDamper(of: subject)
    return lines.sorted { $0.change.revision < $1.change.revision }
  }

  // MARK: - Windows

  private mutating func begin(_ turn: Turn, with change: RegistryChange, at now: Uptime) {
    var window = Window(
      began: now, before: change.previous ?? change.backend, told: change.backend,
      lastTurn: change.kind)
    _ = window.tells(turn)
    open(window, of: change.backend.id)
  }

  private mutating func open(_ window: Window, of id: BackendID) {
    windows[id] = window
    deadlines.set(id, at: window.began.advanced(by: Self.period))
  }

  /// A window that had something to tell is followed by the next.
  private mutating func end(_ window: Window, of id: BackendID, at now: Uptime) -> Line? {
    windows[id] = nil
    deadlines.cancel(id)
    guard let line = Self.summary(of: window, at: now) else { return nil }
    if Turn(line.change, of: subject) != nil {
      var next = Window(
        began: now, before: line.change.backend, told: line.change.backend,
        lastTurn: line.change.kind)
      (next.isDownTold, next.isUpTold) = (true, true)
      open(next, of: id)
    }
    return line
  }

  /// What is true now, if the log does not tell it yet.
  private static func summary(of window: Window, at now: Uptime) -> Line? {
    guard let last = window.withheld else { return nil }
    let flaps = flaps(of: window, at: now)
    guard flaps.total > 0 else {
      // Sightings come back one by one: what is again as it was before is no news.
      let isBack =
        last.backend.looksLike(window.before) && last.backend.url == window.told.url
      let isNews = !isBack && !last.backend.looksLike(window.told)
      return isNews ? Line(last.merged(as: .updated, after: window.told)) : nil
    }
    let change = last.merged(as: window.lastTurn, after: window.told)
    return Line(change, flaps: flaps.total > 1 ? flaps : nil)
  }

  private static func flaps(of window: Window, at now: Uptime) -> Flaps {
    var flaps = window.flaps
    flaps.duration = window.began.duration(to: now)
    return flaps
  }
}

extension RegistryChange {
  /// The way from `previous` to this change's backend, as one change.
  fileprivate func merged(as kind: Kind, after previous: Backend) -> RegistryChange {
    RegistryChange(revision: revision, kind: kind, backend: backend, previous: previous)
  }
}

extension Backend {
  /// True when an `updated` line would tell nothing of the way from one to the other.
  fileprivate func looksLike(_ other: Backend) -> Bool {
    var other = other
    other.status = status
    other.lastCheck = lastCheck
    other.isStale = isStale
    other.lastSeen = lastSeen
    other.expiresAt = expiresAt
    return self == other
  }
}
