import CAvahi
import DiscoveryCore
import EventLoop

/// One AvahiClient: the owner of the pointer. What is made with it must be forgotten once it is closed.
///
/// Confined to the queue of its poll adapter. A call that makes, changes or frees one of its objects
/// waits for avahi-daemon: 0.4 ms as a rule, 25 s when it hangs.
final class AvahiClient {
  enum State {
    /// avahi-daemon is not there (or hangs); the client waits for it.
    case connecting
    /// It can be asked, but its own host name is not settled.
    case settling
    case running
    /// The client is of no use any more.
    case failed

    /// True when avahi-daemon can be asked.
    var isReady: Bool { self == .settling || self == .running }
  }

  /// A call that fails after longer than this has run into libdbus's timeout of 25 s. One that succeeds,
  /// however late, was answered by a daemon that has much to do, as in a flood of services.
  private static let longestCall = Duration.seconds(5)

  /// Kept for the client, which uses its AvahiPoll to the end.
  private let poll: AvahiPollAdapter
  private let stateDidChange: (State) -> Void
  /// Owned; nil once it is freed.
  private var client: OpaquePointer?
  private(set) var state = State.connecting
  private var isStarting = true

  /// Makes a client that waits for avahi-daemon if need be; each later change of `state` is told to
  /// `stateDidChange`, on the queue, in the middle of a callback: the client must not be closed there.
  init(poll: AvahiPollAdapter, stateDidChange: @escaping (State) -> Void) throws(AvahiError) {
    self.poll = poll
    self.stateDidChange = stateDidChange
    let start = SystemClock().now().uptime
    var code: Int32 = 0
    // Not retained: `close` frees the client before this object goes.
    client = avahi_client_new(
      poll.api, AVAHI_CLIENT_NO_FAIL, onClientState, Unmanaged.passUnretained(self).toOpaque(),
      &code)
    isStarting = false
    guard client != nil else {
      throw AvahiError(
        operation: "avahi_client_new", code: Int(code), didHang: Self.hasHung(since: start))
    }
  }

  deinit {
    assert(client == nil, "an AvahiClient must be closed on its queue")
  }

  /// Frees the client and all its objects without asking the daemon. Not from within a callback.
  func close() {
    guard let client else { return }
    self.client = nil
    state = .failed
    avahi_client_free(client)
  }

  /// The pointer, for one call; throws when the daemon cannot be asked.
  func pointer(for operation: String) throws(AvahiError) -> OpaquePointer {
    guard let client, state.isReady else {
      throw AvahiError(operation: operation, code: AVAHI_ERR_BAD_STATE)
    }
    return client
  }

  /// The error of a call to `operation`, begun at `start`, that gave no object.
  func failure(of operation: String, since start: Uptime) -> AvahiError {
    AvahiError(
      operation: operation, code: client.map { Int(avahi_client_errno($0)) } ?? AVAHI_ERR_BAD_STATE,
      didHang: Self.hasHung(since: start))
  }

  /// Called by `onClientState`.
  fileprivate func stateChanged(to new: AvahiClientState) {
    let former = state
    switch new {
    case AVAHI_CLIENT_CONNECTING: state = .connecting
    case AVAHI_CLIENT_FAILURE: state = .failed
    case AVAHI_CLIENT_S_RUNNING: state = .running
    default: state = .settling
    }
    if !isStarting, state != former { stateDidChange(state) }
  }

  /// True when a call that began then and failed has waited for a daemon that hangs.
  static func hasHung(since start: Uptime) -> Bool {
    start.duration(to: SystemClock().now().uptime) > longestCall
  }
}

/// AvahiClientCallback. `userdata`: the `AvahiClient`, not retained; it frees the client before it
/// goes. Called for the first time while `avahi_client_new` is still running.
private func onClientState(
  _ client: OpaquePointer?, _ state: AvahiClientState, _ userdata: UnsafeMutableRawPointer?
) {
  guard let userdata else { return }
  Unmanaged<AvahiClient>.fromOpaque(userdata).takeUnretainedValue().stateChanged(to: state)
}
