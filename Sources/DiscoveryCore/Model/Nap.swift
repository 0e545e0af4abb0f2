/// A sleep that can be cut short when its deadline moves.
package struct Nap: Sendable {
  /// When it ends by itself; nil for never.
  package let deadline: Uptime?
  private let task: Task<Void, Never>

  /// Begins to sleep until `deadline`.
  package init(until deadline: Uptime?, on clock: any DiscoveryClock) {
    self.deadline = deadline
    task = Task { _ = try? await clock.sleep(until: deadline) }
  }

  /// Returns at the deadline, when it is cut short, or when the calling task is cancelled.
  package func end() async {
    await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
  }

  /// Ends it now.
  package func cut() {
    task.cancel()
  }

  /// Ends it now if it would last beyond `earlier`.
  package func cut(ifLongerThan earlier: Uptime?) {
    guard let earlier else { return }
    if deadline.map({ earlier < $0 }) ?? true { cut() }
  }
}
