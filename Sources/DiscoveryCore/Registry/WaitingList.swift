import Synchronization

/// Tasks that wait for news: each is woken by the next `wakeAll`, or by its cancellation.
///
/// Who finds no news notes `wakings` before it looks, and waits for what comes after: a task may give
/// way to others on its way from looking to waiting, and one of those may have the news.
final class WaitingList: Sendable {
  private struct State {
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextNumber = 0
    var wakings: UInt64 = 0
  }

  private let state = Mutex(State())

  private func takeNumber() -> Int {
    state.withLock { state in
      state.nextNumber += 1
      return state.nextNumber
    }
  }

  /// How often `wakeAll` was called.
  var wakings: UInt64 { state.withLock { $0.wakings } }

  /// Returns when `wakeAll` has been called more often than `seen` times, or at once when the calling
  /// task is cancelled.
  func wait(after seen: UInt64) async {
    let number = takeNumber()
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isLate = state.withLock { state in
          guard state.wakings == seen else { return true }
          state.waiting[number] = continuation
          return false
        }
        if isLate { return continuation.resume() }
        if Task.isCancelled { wake(number) }
      }
    } onCancel: {
      wake(number)
    }
  }

  func wakeAll() {
    let woken = state.withLock { state in
      defer { state.waiting = [:] }
      state.wakings += 1
      return state.waiting
    }
    for continuation in woken.values { continuation.resume() }
  }

  private func wake(_ number: Int) {
    state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
  }
}
