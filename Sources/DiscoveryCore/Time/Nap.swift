import Synchronization

/// A sleep that can be cut short when its deadline moves.
///
/// It starts no unstructured task, so it runs wherever the task that takes it prefers to.
package final class Nap: Sendable {
  private enum State {
    case begun
    case waiting(CheckedContinuation<Void, Never>)
    case cut
  }

  /// When it ends by itself; nil for never.
  package let deadline: Uptime?
  private let clock: any DiscoveryClock
  private let state = Mutex(State.begun)

  /// A sleep until `deadline`, taken with `end()`.
  package init(until deadline: Uptime?, on clock: any DiscoveryClock) {
    self.deadline = deadline
    self.clock = clock
  }

  /// Returns at the deadline, when it is cut short, or when the calling task is cancelled.
  package func end() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { _ = try? await self.clock.sleep(until: self.deadline) }
      group.addTask { await self.waitForCut() }
      await group.next()
      group.cancelAll()
    }
  }

  /// Ends it now; one that has not begun yet ends as soon as it does.
  package func cut() {
    let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
      defer { state = .cut }
      guard case .waiting(let continuation) = state else { return nil }
      return continuation
    }
    waiting?.resume()
  }

  /// Ends it now if it would last beyond `earlier`.
  package func cut(ifLongerThan earlier: Uptime?) {
    guard let earlier else { return }
    if deadline.map({ earlier < $0 }) ?? true { cut() }
  }

  private func waitForCut() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isCut = state.withLock { state in
          if case .cut = state { return true }
          state = .waiting(continuation)
          return false
        }
        if isCut { continuation.resume() }
      }
    } onCancel: {
      cut()
    }
  }
}
