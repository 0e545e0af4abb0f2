import DiscoveryCore

/// Decides when to try to reach avahi-daemon: three times soon, then at most once in 5 seconds.
///
/// Each attempt has the bus start a daemon that is not there, and systemd's start limit (5 in 10 s)
/// would turn one that crashes into one that stays dead.
package struct AvahiReconnect: Sendable {
  private enum Phase {
    case resting
    case waiting(until: Uptime)
    /// A client waits for the daemon, until then.
    case connecting(until: Uptime)
    case running(since: Uptime)
  }

  /// What `tick` says to do.
  package enum Command: Hashable, Sendable {
    /// Make a new client, and throw away the one that there may be.
    case connect
  }

  /// After the first attempts; from the third on it is `laterDelay`.
  private static let firstDelays: [Duration] = [.milliseconds(200), .seconds(2)]
  private static let laterDelay = Duration.seconds(5)
  /// At most this is added to `laterDelay`, so that many machines do not come at once.
  private static let jitter = Duration.milliseconds(1500)
  private static let longestConnecting = Duration.seconds(30)
  /// A daemon that hangs owns its name all the while: when it goes on, nothing says so.
  private static let longestHangingConnecting = Duration.seconds(5)
  private static let stableAfter = Duration.seconds(30)
  /// While the bus's socket is new, it may not be listened to yet.
  private static let quickTries = 20
  private static let quickDelay = Duration.milliseconds(100)

  private var phase = Phase.resting
  /// When the attempt began of which it is not known yet whether it reached the bus.
  private var openAttempt: Uptime?
  /// Those that reached the bus, and so may have had it start the daemon, since that last ran for
  /// `stableAfter`.
  private var attempts = 0
  private var lastAttempt: Uptime?
  /// Attempts in a row that found no bus: they start nothing.
  private var misses = 0
  private var quickTriesLeft = 0

  package init() {}

  /// When `tick` is due; nil for never.
  package var nextDeadline: Uptime? {
    switch phase {
    case .resting, .running: nil
    case .waiting(let until), .connecting(let until): until
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
    openAttempt = now
    phase = .connecting(until: now.advanced(by: Self.longestConnecting))
    return .connect
  }

  /// There is a client, and it waits for the daemon, which is not there or hangs.
  package mutating func isConnecting(at now: Uptime, daemonHangs: Bool) {
    hasReachedBus()
    let patience = daemonHangs ? Self.longestHangingConnecting : Self.longestConnecting
    phase = .connecting(until: now.advanced(by: patience))
  }

  /// The daemon answers.
  package mutating func isRunning(at now: Uptime) {
    hasReachedBus()
    phase = .running(since: now)
  }

  /// No client could be made, or the one there was is lost.
  ///
  /// - Parameter busAnswers: false when there is nobody at the bus's socket.
  /// - Parameter jitter: a random number in 0..<1.
  package mutating func hasFailed(at now: Uptime, busAnswers: Bool, jitter: Double) {
    if case .running(let since) = phase, since.duration(to: now) >= Self.stableAfter {
      attempts = 0
    }
    let soon = now.advanced(by: Self.firstDelays[0])
    if busAnswers || openAttempt == nil {
      hasReachedBus()
      // A client that waited for long was an attempt long ago.
      phase = .waiting(until: max(soon, earliestAttempt(jitter: jitter) ?? soon))
      return
    }
    openAttempt = nil
    if quickTriesLeft > 0 {
      quickTriesLeft -= 1
      phase = .waiting(until: now.advanced(by: Self.quickDelay))
      return
    }
    misses += 1
    phase = .waiting(
      until: max(
        now.advanced(by: Self.delay(after: misses, jitter: jitter)),
        earliestAttempt(jitter: jitter) ?? now))
  }

  /// The system bus's socket is there (anew): tries as soon as the daemon may be started again, and a
  /// few times more if nobody listens at the socket yet.
  package mutating func busAppeared(at now: Uptime) {
    guard case .waiting(let until) = phase else { return }
    quickTriesLeft = Self.quickTries
    phase = .waiting(until: min(until, max(now, earliestAttempt(jitter: 0) ?? now)))
  }

  private mutating func hasReachedBus() {
    guard let began = openAttempt else { return }
    openAttempt = nil
    attempts += 1
    lastAttempt = began
    misses = 0
    quickTriesLeft = 0
  }

  /// Before that the bus is not to be asked for the daemon; nil before the first attempt.
  private func earliestAttempt(jitter: Double) -> Uptime? {
    guard attempts > 0 else { return nil }
    return lastAttempt?.advanced(by: Self.delay(after: attempts, jitter: jitter))
  }

  private static func delay(after attempts: Int, jitter: Double) -> Duration {
    attempts <= firstDelays.count
      ? firstDelays[max(attempts - 1, 0)] : laterDelay + Self.jitter * jitter
  }
}
