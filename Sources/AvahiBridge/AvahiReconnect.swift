import DiscoveryCore

/// Decides when to try to reach avahi-daemon: soon at first, then rarely, so that systemd's start
/// limit (5 in 10 s) does not turn a daemon that crashes into one that stays dead.
package struct AvahiReconnect: Sendable {
  private enum Phase {
    case resting
    case waiting(until: Uptime)
    /// A client waits for the daemon since then.
    case connecting(since: Uptime)
    case running(since: Uptime)
  }

  /// What `tick` says to do.
  package enum Command: Hashable, Sendable {
    /// Make a new client, and throw away the one that there may be.
    case connect
  }

  private static let firstDelays: [Duration] = [.milliseconds(200), .seconds(1), .seconds(2)]
  private static let laterDelay = Duration.seconds(5)
  /// At most this is added to `laterDelay`, so that many machines do not come at once.
  private static let jitter = Duration.milliseconds(1500)
  private static let longestConnecting = Duration.seconds(30)
  private static let stableAfter = Duration.seconds(30)
  /// While the bus's socket is new, it may not be listened to yet.
  private static let quickTries = 20
  private static let quickDelay = Duration.milliseconds(100)

  private var phase = Phase.resting
  /// Since the daemon last ran for `stableAfter`.
  private var attempts = 0
  private var lastAttempt: Uptime?
  private var quickTriesLeft = 0

  package init() {}

  /// When `tick` is due; nil for never.
  package var nextDeadline: Uptime? {
    switch phase {
    case .resting, .running: nil
    case .waiting(let until): until
    case .connecting(let since): since.advanced(by: Self.longestConnecting)
    }
  }

  /// Begins to try at once.
  package mutating func start(at now: Uptime) {
    phase = .waiting(until: now)
  }

  /// Tries no more.
  package mutating func stop() {
    phase = .resting
  }

  /// What to do now, if anything; `connect` counts as begun.
  package mutating func tick(at now: Uptime) -> Command? {
    guard let deadline = nextDeadline, now >= deadline else { return nil }
    attempts += 1
    lastAttempt = now
    phase = .connecting(since: now)
    return .connect
  }

  /// There is a client, and it waits for the daemon.
  package mutating func isConnecting(at now: Uptime) {
    quickTriesLeft = 0
    phase = .connecting(since: now)
  }

  /// The daemon answers.
  package mutating func isRunning(at now: Uptime) {
    quickTriesLeft = 0
    phase = .running(since: now)
  }

  /// No client could be made, or the one there was is lost; `jitter` is a random number in 0..<1.
  package mutating func hasFailed(at now: Uptime, jitter: Double) {
    if case .running(let since) = phase, since.duration(to: now) >= Self.stableAfter {
      attempts = 0
    }
    if quickTriesLeft > 0 {
      quickTriesLeft -= 1
      attempts -= 1
      phase = .waiting(until: now.advanced(by: Self.quickDelay))
      return
    }
    let delay =
      attempts <= Self.firstDelays.count
      ? Self.firstDelays[max(attempts - 1, 0)] : Self.laterDelay + Self.jitter * jitter
    // A client that waited for long was an attempt long ago.
    let earliest = now.advanced(by: Self.firstDelays[0])
    phase = .waiting(until: max(earliest, lastAttempt?.advanced(by: delay) ?? earliest))
  }

  /// The system bus's socket is there (anew): tries at once, and a few times more if it is not
  /// listened to yet.
  package mutating func busAppeared(at now: Uptime) {
    guard case .waiting = phase else { return }
    quickTriesLeft = Self.quickTries
    phase = .waiting(until: now)
  }
}
