import Dispatch

/// Makes an actor live on a dispatch queue, so that a C library's callbacks, delivered on that
/// queue, can enter the actor with `assumeIsolated` and no lock (SE-0392, SE-0424).
package final class QueueExecutor: SerialExecutor {
  package let queue: DispatchQueue

  /// An executor on a new serial queue; `label` shows in debuggers.
  package init(label: String) {
    queue = DispatchQueue(label: label)
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedSerialExecutor()
    queue.async { job.runSynchronously(on: executor) }
  }

  package func checkIsolated() {
    dispatchPrecondition(condition: .onQueue(queue))
  }
}
