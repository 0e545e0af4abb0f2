import DiscoveryCore
import Synchronization

/// Sends probes from the server's thread, many at once; nothing waits for anything there.
package final class ProbeClient: ProbeTransport {
  private struct State {
    var lastID: UInt64 = 0
    var count = 0
  }

  /// So many may be under way at once.
  package let limit: Int
  private let inbox: ServerInbox
  private let state = Mutex(State())

  init(inbox: ServerInbox, limit: Int) {
    self.inbox = inbox
    self.limit = limit
  }

  /// `ProbeTransport`'s promise; above `limit`, and once the server has stopped, it fails at once.
  package func send(_ request: ProbeRequest) async -> Result<ProbeResponse, ProbeError> {
    let id = state.withLock { state -> UInt64? in
      guard state.count < limit else { return nil }
      state.count += 1
      state.lastID += 1
      return state.lastID
    }
    guard let id else { return .failure(.other("too many probes at once")) }
    defer { state.withLock { $0.count -= 1 } }
    let call = ProbeCall(request, id: id)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        guard call.wait(continuation) else { return }
        if !inbox.put(.start(call)) { call.finish(.failure(.cancelled)) }
      }
    } onCancel: {
      call.finish(.failure(.cancelled))
      _ = inbox.put(.cancel(id))
    }
  }
}
