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

/// One AvahiClient with its browsers and resolvers: the owner of every pointer of theirs, confined to
/// the client's queue.
final class AvahiConnection {
  private let client: AvahiClient
  /// Takes what the objects report.
  let deliver: (AvahiTracker.Input) -> Void
  /// What the user data of the C objects points to, which has these; the client owns them too.
  private var targets = SlotTable<CallbackTarget>()
  /// The daemon refused another object; true until one was freed.
  private(set) var isFull = false

  /// Makes a client; what its objects report goes to `deliver`, on the queue, in the middle of a
  /// callback: the connection must not be closed there. `stateDidChange` as `AvahiClient` has it.
  init(
    poll: AvahiPollAdapter, deliver: @escaping (AvahiTracker.Input) -> Void,
    stateDidChange: @escaping () -> Void
  ) throws(AvahiError) {
    client = try AvahiClient(poll: poll) { _ in stateDidChange() }
    self.deliver = deliver
  }

  var state: AvahiClient.State { client.state }

  /// Frees the client and all its objects without asking the daemon. Not from within a callback.
  func close() {
    client.close()
    targets = SlotTable()
  }

  /// Makes `object`.
  func start(_ object: AvahiObject) throws(AvahiError) {
    switch object {
    case .browser(let type, let ipv6):
      let proto = ipv6 ? AvahiNames.anyProtocol : AvahiNames.proto(.ipv4)
      try start(object, "avahi_service_browser_new") {
        avahi_service_browser_new(
          $0, AvahiNames.anyInterface, proto, type.name, AvahiNames.domain,
          AvahiLookupFlags(rawValue: 0), onBrowse, $1)
      }
    case .resolver(let request):
      let proto = AvahiNames.proto(request.family)
      try start(object, "avahi_service_resolver_new") {
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

  /// Frees the object; false when it is not here.
  @discardableResult
  func stop(_ key: AvahiObject.Key) throws(AvahiError) -> Bool {
    guard let target = targets[key] else { return false }
    isFull = false
    while let pointer = target.take() {
      let start = SystemClock().now().uptime
      // Negative too when the daemon does not know it any more, which is as good.
      let code = Self.free(pointer, key)
      // What is left lives on in the client and may yet call back: `close` ends it with that.
      guard code >= 0 || !AvahiClient.hasHung(since: start) else {
        throw AvahiError(operation: "Free", code: Int(code), didHang: true)
      }
    }
    targets[key] = nil
    return true
  }

  /// Frees a C object; negative for an error.
  private static func free(_ pointer: OpaquePointer, _ key: AvahiObject.Key) -> Int32 {
    switch key {
    case .browser: avahi_service_browser_free(pointer)
    case .resolver: avahi_service_resolver_free(pointer)
    case .host: avahi_record_browser_free(pointer)
    }
  }

  private func startRecordBrowser(
    _ object: AvahiObject, _ name: String, recordType: UInt16
  ) throws(AvahiError) {
    try start(object, "avahi_record_browser_new") {
      avahi_record_browser_new(
        $0, AvahiNames.anyInterface, AvahiNames.anyProtocol, name, UInt16(AVAHI_DNS_CLASS_IN),
        recordType, AvahiLookupFlags(rawValue: 0), onHostRecord, $1)
    }
  }

  private func start(
    _ object: AvahiObject, _ operation: String,
    make: (OpaquePointer, UnsafeMutableRawPointer) -> OpaquePointer?
  ) throws(AvahiError) {
    let client = try self.client.pointer(for: operation)
    let target = targets[object.key] ?? CallbackTarget(object.key, connection: self)
    let start = SystemClock().now().uptime
    let pointer = make(client, Unmanaged.passUnretained(target).toOpaque())
    if let pointer {
      target.add(pointer)
      targets[object.key] = target
      return
    }
    let error = self.client.failure(of: operation, since: start)
    isFull = isFull || error.isClientFull
    throw error
  }

  private static func flags(_ lookup: AvahiTracker.Lookup) -> AvahiLookupFlags {
    var flags: UInt32 = 0
    if !lookup.contains(.txt) { flags |= AVAHI_LOOKUP_NO_TXT.rawValue }
    if !lookup.contains(.address) { flags |= AVAHI_LOOKUP_NO_ADDRESS.rawValue }
    return AvahiLookupFlags(rawValue: flags)
  }
}
