import Synchronization

/// Tasks that wait for news: each is woken by the next `wakeAll`, or by its cancellation.
final class WaitingList: Sendable {
  private struct State {
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var nextNumber = 0
  }

  private let state = Mutex(State())

  private func takeNumber() -> Int {
    state.withLock { state in
      state.nextNumber += 1
      return state.nextNumber
    }
  }

  /// Returns at the next `wakeAll`, or at once when the calling task is cancelled.
  ///
  /// Called from the actor that calls `wakeAll`, nothing can be missed in between.
  func wait(isolation: isolated (any Actor)? = #isolation) async {
    let number = takeNumber()
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        state.withLock { $0.waiting[number] = continuation }
        if Task.isCancelled { wake(number) }
      }
    } onCancel: {
      wake(number)
    }
  }

  func wakeAll() {
    let woken = state.withLock { state in
      defer { state.waiting = [:] }
      return state.waiting
    }
    for continuation in woken.values { continuation.resume() }
  }

  private func wake(_ number: Int) {
    state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
  }
}
