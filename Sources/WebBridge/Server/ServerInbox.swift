import APIModel
import CWebSockets
import DiscoveryCore
import Synchronization

/// What other threads leave for the server's.
final class ServerInbox: Sendable {
  /// More than this many updates are not kept: who publishes waits.
  private static let capacity = 64

  struct Contents: Sendable {
    var updates: [RegistryUpdate] = []
    var readiness: ReadModel.Readiness?
    var announcements: [AnnouncementDocument]?
    var probes: [ProbeOrder] = []
    var replies: [APIOrder.Reply] = []
    var isStopping = false
    /// They wait for room.
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private struct State {
    var contents = Contents()
    var isSignalled = false
    /// The library's context as long as it may be woken, as a number.
    var context: UInt?
  }

  private let state = Mutex(State())

  /// From here on `context` is woken for what is put.
  func open(_ context: OpaquePointer) {
    let address = UInt(bitPattern: context)
    state.withLock { $0.context = address }
  }

  /// Nobody is woken any more, and nobody waits.
  func close() {
    let contents = state.withLock { state in
      state.context = nil
      defer { state.contents = Contents() }
      return state.contents
    }
    for continuation in contents.waiting { continuation.resume() }
    for case .start(let call) in contents.probes { call.finish(.failure(.cancelled)) }
  }

  /// True once somebody wants the server to stop.
  var isStopping: Bool { state.withLock { $0.contents.isStopping } }

  /// Leaves something and wakes the server's thread.
  func put(_ change: (inout Contents) -> Void) {
    state.withLock { state in
      change(&state.contents)
      wake(&state)
    }
  }

  /// Leaves an order; false when nobody takes it any more.
  func put(_ order: ProbeOrder) -> Bool {
    state.withLock { state in
      guard state.context != nil else { return false }
      state.contents.probes.append(order)
      wake(&state)
      return true
    }
  }

  /// Leaves an update; returns when there is room for another.
  func put(_ update: RegistryUpdate) async {
    let isFull = state.withLock { state in
      guard state.context != nil else { return false }
      state.contents.updates.append(update)
      wake(&state)
      return state.contents.updates.count >= Self.capacity
    }
    guard isFull else { return }
    await withCheckedContinuation { continuation in
      let isNeeded = state.withLock { state in
        guard state.contents.updates.count >= Self.capacity, state.context != nil else {
          return false
        }
        state.contents.waiting.append(continuation)
        return true
      }
      if !isNeeded { continuation.resume() }
    }
  }

  /// Takes all of it; on the server's thread.
  func take() -> Contents {
    let contents = state.withLock { state in
      state.isSignalled = false
      let contents = state.contents
      state.contents = Contents(isStopping: contents.isStopping)
      return contents
    }
    for continuation in contents.waiting { continuation.resume() }
    return contents
  }

  /// One wake is enough until the contents are taken. The lock is held, so the context is there.
  private func wake(_ state: inout State) {
    guard !state.isSignalled, let context = state.context else { return }
    state.isSignalled = true
    // The one call of the library that other threads may make.
    lws_cancel_service(OpaquePointer(bitPattern: context))
  }
}
