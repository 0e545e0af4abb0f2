import CAvahi
import DiscoveryCore
import EventLoop

/// An object of an AvahiClient, and all that is needed to make it.
enum AvahiObject {
  case browser(ServiceType, ipv6: Bool)
  case resolver(AvahiTracker.ResolverRequest)
  case host(String, ipv6: Bool)

  /// What stops it.
  enum Key: Hashable {
    case browser(ServiceType)
    case resolver(AvahiTracker.ResolverID)
    case host(String)
  }

  var key: Key {
    switch self {
    case .browser(let type, _): .browser(type)
    case .resolver(let request): .resolver(request.id)
    case .host(let name, _): .host(name)
    }
  }
}

/// One AvahiClient with its browsers and resolvers: the owner of every pointer of theirs.
///
/// Confined to the queue of its poll adapter. Each call that makes or frees an object waits for
/// avahi-daemon: 0.4 ms as a rule, 25 s when it hangs.
final class AvahiConnection {
  enum State {
    /// avahi-daemon is not there (or hangs); the client waits for it.
    case connecting
    /// It can be asked, be its own host name settled or not.
    case ready
    /// The client is of no use any more.
    case failed
  }

  /// A call that takes longer than this has run into libdbus's timeout of 25 s.
  private static let longestCall = Duration.seconds(5)

  /// Kept for the client, which uses its AvahiPoll to the end.
  private let poll: AvahiPollAdapter
  private let deliver: (AvahiTracker.Input) -> Void
  private let stateDidChange: () -> Void
  /// Owned; nil once it is freed.
  private var client: OpaquePointer?
  /// The C objects, which the client owns too, and what their user data points to.
  private var handles: [AvahiObject.Key: [Handle]] = [:]
  private(set) var state = State.connecting
  private var isStarting = true
  /// The daemon refused another object; true until one was freed.
  private(set) var isFull = false

  /// A C object and its user data.
  private struct Handle {
    let pointer: OpaquePointer
    let target: CallbackTarget
    /// Frees the C object; negative for an error.
    let free: (OpaquePointer) -> Int32
  }

  /// Makes a client that waits for avahi-daemon if need be; what its objects report goes to
  /// `deliver`, and each later change of `state` is told to `stateDidChange`, both on the queue, in
  /// the middle of a callback: the connection must not be closed there.
  init(
    poll: AvahiPollAdapter, deliver: @escaping (AvahiTracker.Input) -> Void,
    stateDidChange: @escaping () -> Void
  ) throws(AvahiError) {
    self.poll = poll
    self.deliver = deliver
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
    assert(client == nil, "an AvahiConnection must be closed on its queue")
  }

  /// Frees the client and all its objects without asking the daemon. Not from within a callback.
  func close() {
    guard let client else { return }
    self.client = nil
    state = .failed
    avahi_client_free(client)
    handles = [:]
  }

  /// Called by `onClientState`.
  func stateChanged(to new: AvahiClientState, of client: OpaquePointer) {
    let former = state
    switch new {
    case AVAHI_CLIENT_CONNECTING: state = .connecting
    case AVAHI_CLIENT_FAILURE: state = .failed
    default: state = .ready
    }
    if !isStarting, state != former { stateDidChange() }
  }

  /// Makes `object`.
  func start(_ object: AvahiObject) throws(AvahiError) {
    switch object {
    case .browser(let type, let ipv6):
      let proto = ipv6 ? AvahiNames.anyProtocol : AvahiNames.proto(.ipv4)
      try start(object, "avahi_service_browser_new", free: { avahi_service_browser_free($0) }) {
        avahi_service_browser_new(
          $0, AvahiNames.anyInterface, proto, type.name, AvahiNames.domain,
          AvahiLookupFlags(rawValue: 0), onBrowse, $1)
      }
    case .resolver(let request):
      let proto = AvahiNames.proto(request.family)
      try start(object, "avahi_service_resolver_new", free: { avahi_service_resolver_free($0) }) {
        avahi_service_resolver_new(
          $0, request.interface.index, proto, request.instance.name, request.instance.type.name,
          AvahiNames.domain, proto, Self.flags(request.lookup), onResolve, $1)
      }
    case .host(let name, let ipv6):
      do throws(AvahiError) {
        try startRecordBrowser(object, name, recordType: UInt16(AVAHI_DNS_TYPE_A))
        if ipv6 { try startRecordBrowser(object, name, recordType: UInt16(AVAHI_DNS_TYPE_AAAA)) }
      } catch {
        // What was made of the two goes, which leaves the client as full as it was.
        let wasFull = isFull
        if !error.isFatal { try stop(object.key) }
        isFull = wasFull
        throw error
      }
    }
  }

  /// Frees the object, if it is here.
  func stop(_ key: AvahiObject.Key) throws(AvahiError) {
    guard let stopped = handles.removeValue(forKey: key) else { return }
    isFull = false
    for (index, handle) in stopped.enumerated() {
      let start = SystemClock().now().uptime
      // Negative too when the daemon does not know it any more, which is as good.
      let code = handle.free(handle.pointer)
      guard !Self.hasHung(since: start) else {
        // The others live on in the client and may yet call back: `close` ends them with it.
        let remaining = stopped[(index + 1)...]
        if !remaining.isEmpty { handles[key] = Array(remaining) }
        throw AvahiError(operation: "Free", code: Int(code), didHang: true)
      }
    }
  }

  private func startRecordBrowser(
    _ object: AvahiObject, _ name: String, recordType: UInt16
  ) throws(AvahiError) {
    try start(object, "avahi_record_browser_new", free: { avahi_record_browser_free($0) }) {
      avahi_record_browser_new(
        $0, AvahiNames.anyInterface, AvahiNames.anyProtocol, name, UInt16(AVAHI_DNS_CLASS_IN),
        recordType, AvahiLookupFlags(rawValue: 0), onHostRecord, $1)
    }
  }

  private func start(
    _ object: AvahiObject, _ operation: String, free: @escaping (OpaquePointer) -> Int32,
    make: (OpaquePointer, UnsafeMutableRawPointer) -> OpaquePointer?
  ) throws(AvahiError) {
    guard let client, state == .ready else {
      throw AvahiError(operation: operation, code: AVAHI_ERR_BAD_STATE)
    }
    let target = CallbackTarget(object: object, deliver: deliver)
    let start = SystemClock().now().uptime
    let pointer = make(client, Unmanaged.passUnretained(target).toOpaque())
    if let pointer {
      handles[object.key, default: []].append(Handle(pointer: pointer, target: target, free: free))
    }
    let didHang = Self.hasHung(since: start)
    guard pointer == nil || didHang else { return }
    let error = AvahiError(
      operation: operation,
      code: pointer == nil ? Int(avahi_client_errno(client)) : AVAHI_ERR_TIMEOUT,
      didHang: didHang)
    isFull = isFull || error.isClientFull
    throw error
  }

  private static func flags(_ lookup: AvahiTracker.Lookup) -> AvahiLookupFlags {
    var flags: UInt32 = 0
    if !lookup.contains(.txt) { flags |= AVAHI_LOOKUP_NO_TXT.rawValue }
    if !lookup.contains(.address) { flags |= AVAHI_LOOKUP_NO_ADDRESS.rawValue }
    return AvahiLookupFlags(rawValue: flags)
  }

  private static func hasHung(since start: Uptime) -> Bool {
    start.duration(to: SystemClock().now().uptime) > longestCall
  }
}
