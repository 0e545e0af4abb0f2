import Dispatch
import Glibc

/// Signals as a stream: each delivery of one of the watched ones, in order.
package enum SignalWatch {
  /// Takes over `signals` from their default action; the stream lives as long as it is read.
  /// At most 8 wait unread: a process that got more of them has been told.
  package static func stream(of signals: [Int32]) -> AsyncStream<Int32> {
    AsyncStream(bufferingPolicy: .bufferingOldest(8)) { continuation in
      let sources = signals.map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { @Sendable in continuation.yield(number) }
        source.activate()
        return SendableSource(source: source)
      }
      continuation.onTermination = { _ in
        for held in sources { held.source.cancel() }
      }
    }
  }

  /// Dispatch sources may be cancelled from any thread (dispatch_source_cancel(3)), which their
  /// Swift protocol does not say.
  private struct SendableSource: @unchecked Sendable {
    let source: any DispatchSourceSignal
  }
}
