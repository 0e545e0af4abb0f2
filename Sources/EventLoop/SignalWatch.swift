import Dispatch
import Glibc

/// Signals as a stream: each delivery of one of the watched ones.
package enum SignalWatch {
  /// Takes over `signals` from their default action before it returns, for good; the stream lives
  /// as long as it is read. At most 8 wait unread, the newest.
  ///
  /// Dispatch installs handlers of its own, once for each signal in a process. The action must not
  /// be set to "ignore" beside them: that would stay in force, and lose every signal that a thread
  /// of the program is free to take.
  /// `atOnce` is called on a queue of its own as a signal comes, whatever the program's tasks do.
  package static func stream(
    of signals: [Int32], atOnce: @escaping @Sendable (Int32) -> Void = { _ in }
  ) -> AsyncStream<Int32> {
    AsyncStream(bufferingPolicy: .bufferingNewest(8)) { continuation in
      let queue = DispatchQueue(label: "signals")
      let installed = DispatchSemaphore(value: 0)
      let sources = signals.map { number in
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler { @Sendable in
          atOnce(number)
          continuation.yield(number)
        }
        source.setRegistrationHandler { @Sendable in _ = installed.signal() }
        source.activate()
        return SendableSource(source: source)
      }
      for _ in sources { installed.wait() }
      continuation.onTermination = { _ in
        for held in sources { held.source.cancel() }
      }
    }
  }

  /// Dispatch sources may be cancelled from any thread (dispatch_source_cancel(3)), which their
  /// Swift protocol does not say.
  private struct SendableSource: @unchecked Sendable {  // only cancelled: any thread may
    let source: any DispatchSourceSignal
  }
}
