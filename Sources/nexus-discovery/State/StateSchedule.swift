import DiscoveryCore

/// When the state file is written: soon after a change, and seldom.
///
/// The first change after a rest is written at once. From one write's beginning to the next pass
/// `interval`, or only `promptInterval` where an administrator changed something: on the disk within
/// 5 s, that leaves a second for the disk. A write that fails is tried again after 5, 10, 20 … 60 s.
/// Where there was nothing to write the next look is not before `lookInterval`, for it costs a copy of all
/// that is known, and services that come and go bring nothing new.
package struct StateSchedule: Sendable {
  package static let interval = Duration.seconds(5)
  package static let promptInterval = Duration.seconds(4)
  package static let lookInterval = Duration.seconds(1)
  package static let longestPause = Duration.seconds(60)

  /// What is not written yet.
  private enum Pending {
    case nothing
    case someTime
    case promptly
  }

  private var pending = Pending.nothing
  private var lastBegan: Uptime?
  private var beganBefore: Uptime?
  /// When it was last found that there was nothing to write.
  private var lookedInVain: Uptime?
  private var isWriting = false
  private var retryAt: Uptime?
  private var pause = Self.interval
  private var lastFailure: String?

  package init() {}

  /// Something changed; `isPrompt` where an administrator changed it.
  package mutating func changed(isPrompt: Bool) {
    if isPrompt {
      pending = .promptly
    } else if pending == .nothing {
      pending = .someTime
    }
  }

  /// When to write; nil while nothing is to be written, or is being written.
  package var nextDeadline: Uptime? {
    guard pending != .nothing, !isWriting else { return nil }
    if let retryAt { return retryAt }
    let isPrompt = pending == .promptly
    let earliest =
      lastBegan?.advanced(by: isPrompt ? Self.promptInterval : Self.interval)
      ?? Uptime(nanoseconds: .min)
    guard !isPrompt, let lookedInVain else { return earliest }
    return max(earliest, lookedInVain.advanced(by: Self.lookInterval))
  }

  /// True when it is time to write.
  package func isDue(at now: Uptime) -> Bool {
    nextDeadline.map { $0 <= now } ?? false
  }

  /// What is known from now on is about to be written: what changes after this is for the next time.
  package mutating func began(at now: Uptime) {
    pending = .nothing
    isWriting = true
    beganBefore = lastBegan
    lastBegan = now
  }

  /// There was nothing to write: all that changed has changed back, or does not matter.
  package mutating func hadNothingToWrite() {
    isWriting = false
    lookedInVain = lastBegan
    lastBegan = beganBefore
  }

  /// It is on the disk. True when that is news, as it failed before.
  package mutating func succeeded() -> Bool {
    isWriting = false
    retryAt = nil
    pause = Self.interval
    defer { lastFailure = nil }
    return lastFailure != nil
  }

  /// It is not on the disk. True when the reason is another than the last time.
  package mutating func failed(because reason: String, at now: Uptime) -> Bool {
    isWriting = false
    if pending == .nothing { pending = .someTime }
    retryAt = now.advanced(by: pause)
    pause = min(pause * 2, Self.longestPause)
    defer { lastFailure = reason }
    return lastFailure != reason
  }
}
