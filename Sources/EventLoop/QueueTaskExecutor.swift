import Dispatch

/// Runs tasks, and the actors without an executor of their own that they call, one job at a time
/// on a serial queue: `withTaskExecutorPreference` around the whole program (SE-0417).
///
/// It is there for the sake of rest. The first job on one of Dispatch's global queues, where tasks
/// run by default, starts a timer that wakes the process each second for good
/// (swift-corelibs-libdispatch, workqueue.c: `_dispatch_workq_monitor_pools`); serial queues do
/// without it. So a program that is to sleep stays clear of all that leads there:
/// `DispatchQueue.global()`, concurrent queues, `Task.sleep`, and unstructured or detached tasks
/// without `executorPreference:`.
package final class QueueTaskExecutor: TaskExecutor {
  package let queue: DispatchQueue

  /// An executor on a new serial queue; `label` shows in debuggers.
  package init(label: String) {
    queue = DispatchQueue(label: label)
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedTaskExecutor()
    queue.async { job.runSynchronously(on: executor) }
  }
}
