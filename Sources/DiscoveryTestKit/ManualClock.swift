import DiscoveryCore
import Synchronization

/// A clock that stands until a test moves it, and tells the test when somebody sleeps on it.
package final class ManualClock: DiscoveryClock {
  private struct Sleeper {
    let deadline: Uptime?
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var now: Moment
    var sleepers: [Int: Sleeper] = [:]
    var cancelled: Set<Int> = []
    var nextID = 0
    var observers: [(deadline: Uptime?, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state: Mutex<State>

  package init(start: Moment = .testStart) {
    state = Mutex(State(now: start))
  }

  package func now() -> Moment { state.withLock { $0.now } }

  package func sleep(until deadline: Uptime?) async throws {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation {
        (continuation: CheckedContinuation<Void, any Error>) in
        let wake = state.withLock { state -> [CheckedContinuation<Void, Never>] in
          if state.cancelled.remove(id) != nil {
            continuation.resume(throwing: CancellationError())
            return []
          }
          if let deadline, deadline <= state.now.uptime {
            continuation.resume()
            return []
          }
          state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
          let met = state.observers.filter { $0.deadline == deadline }
          state.observers.removeAll { $0.deadline == deadline }
          return met.map(\.continuation)
        }
        for observer in wake { observer.resume() }
      }
    } onCancel: {
      let sleeper = state.withLock { state in
        let sleeper = state.sleepers.removeValue(forKey: id)
        if sleeper == nil { state.cancelled.insert(id) }
        return sleeper
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }

  /// Returns once somebody sleeps until exactly `deadline` (nil: for ever).
  package func waitForSleeper(until deadline: Uptime?) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.sleepers.values.contains(where: { $0.deadline == deadline }) { return true }
        state.observers.append((deadline, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  /// Moves both clocks on and wakes who is due.
  package func advance(by duration: Duration) {
    let due = state.withLock { state -> [Sleeper] in
      state.now = state.now.advanced(by: duration)
      let due = state.sleepers.filter {
        ($0.value.deadline).map { $0 <= state.now.uptime } ?? false
      }
      for id in due.keys { state.sleepers[id] = nil }
      return Array(due.values)
    }
    for sleeper in due { sleeper.continuation.resume() }
  }
}

extension Moment {
  /// Where tests begin: 2026-01-31T10:00:00Z, with a monotonic clock that has run 1000 s.
  package static let testStart = Moment(
    uptime: Uptime(nanoseconds: 1_000_000_000_000), wall: WallTime(milliseconds: 1_769_853_600_000))
}
