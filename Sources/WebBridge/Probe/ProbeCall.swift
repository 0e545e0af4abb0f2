import DiscoveryCore
import Synchronization

/// One request and whoever waits for its outcome, which comes exactly once.
final class ProbeCall: Sendable {
  typealias Outcome = Result<ProbeResponse, ProbeError>

  private enum State {
    case begun
    case waiting(CheckedContinuation<Outcome, Never>)
    case over
  }

  let id: UInt64
  let request: ProbeRequest
  private let state = Mutex(State.begun)

  init(_ request: ProbeRequest, id: UInt64) {
    self.id = id
    self.request = request
  }

  /// True when nobody waits any more.
  var isOver: Bool {
    state.withLock { state in
      if case .over = state { true } else { false }
    }
  }

  /// `continuation` waits from here on; false when it is over already, and that was told.
  func wait(_ continuation: CheckedContinuation<Outcome, Never>) -> Bool {
    let isWaiting = state.withLock { state in
      if case .over = state { return false }
      state = .waiting(continuation)
      return true
    }
    if !isWaiting { continuation.resume(returning: .failure(.cancelled)) }
    return isWaiting
  }

  /// Tells the outcome; a second one is of no interest.
  func finish(_ outcome: Outcome) {
    let waiting = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
      defer { state = .over }
      guard case .waiting(let continuation) = state else { return nil }
      return continuation
    }
    waiting?.resume(returning: outcome)
  }
}

/// What others leave for the thread that runs the probes.
enum ProbeOrder: Sendable {
  case start(ProbeCall)
  case cancel(UInt64)
}
