import CAvahi
import DiscoveryCore
import Glibc

// The functions that libavahi-client calls. Each decodes its arguments to a value and makes one call;
// none keeps a pointer. All run on the queue of the connection's AvahiPollAdapter.

/// What a browser's or resolver's user data points to.
///
/// Owned by the `AvahiConnection` that made the object, through its table; used on the connection's
/// queue only; released after the C object was freed, or with the client. libavahi makes no callback for
/// an object that was freed. A callback that frees its own object goes on with the reference that it
/// took.
final class CallbackTarget: Identifiable {
  let id: AvahiObject.Key
  private unowned let connection: AvahiConnection
  /// The C object; of a host, that for A and that for AAAA records.
  private var pointers: (OpaquePointer?, OpaquePointer?)

  init(_ id: AvahiObject.Key, connection: AvahiConnection) {
    self.id = id
    self.connection = connection
  }

  func add(_ pointer: OpaquePointer) {
    if pointers.0 == nil { pointers.0 = pointer } else { pointers.1 = pointer }
  }

  /// The next C object, to be freed; nil after the last one.
  func take() -> OpaquePointer? {
    defer { pointers = (pointers.1, nil) }
    return pointers.0
  }

  func report(_ input: AvahiTracker.Input) { connection.deliver(input) }

  fileprivate static func from(_ userdata: UnsafeMutableRawPointer?) -> CallbackTarget? {
    userdata.map { Unmanaged<CallbackTarget>.fromOpaque($0).takeUnretainedValue() }
  }
}

/// AvahiServiceBrowserCallback. `userdata`: a `CallbackTarget`.
func onBrowse(
  _ browser: OpaquePointer?, _ interface: AvahiIfIndex, _ proto: AvahiProtocol,
  _ event: AvahiBrowserEvent, _ name: UnsafePointer<CChar>?, _ type: UnsafePointer<CChar>?,
  _ domain: UnsafePointer<CChar>?, _ flags: AvahiLookupResultFlags,
  _ userdata: UnsafeMutableRawPointer?
) {
  guard let target = CallbackTarget.from(userdata),
    case .browser(let type) = target.id
  else { return }
  switch event {
  case AVAHI_BROWSER_NEW, AVAHI_BROWSER_REMOVE:
    guard let name = AvahiNames.string(name), let family = AvahiNames.family(proto),
      let instance = AvahiNames.instance(named: name, type: type)
    else { return }
    if event == AVAHI_BROWSER_REMOVE {
      target.report(.serviceGone(instance, interfaceIndex: interface, family: family))
    } else if let interface = AvahiNames.interface(interface) {
      target.report(
        .serviceNew(
          AvahiTracker.BrowsedService(
            instance: instance, interface: interface, family: family,
            isOwn: flags.rawValue & AVAHI_LOOKUP_RESULT_LOCAL.rawValue != 0)))
    }
  case AVAHI_BROWSER_ALL_FOR_NOW: target.report(.allForNow(type))
  case AVAHI_BROWSER_FAILURE: target.report(.browserFailed(type))
  default: return
  }
}

/// AvahiServiceResolverCallback. `userdata`: a `CallbackTarget`.
func onResolve(
  _ resolver: OpaquePointer?, _ interface: AvahiIfIndex, _ proto: AvahiProtocol,
  _ event: AvahiResolverEvent, _ name: UnsafePointer<CChar>?, _ type: UnsafePointer<CChar>?,
  _ domain: UnsafePointer<CChar>?, _ hostName: UnsafePointer<CChar>?,
  _ address: UnsafePointer<AvahiAddress>?, _ port: UInt16,
  _ txt: UnsafeMutablePointer<AvahiStringList>?, _ flags: AvahiLookupResultFlags,
  _ userdata: UnsafeMutableRawPointer?
) {
  guard let target = CallbackTarget.from(userdata), case .resolver(let id) = target.id else {
    return
  }
  guard event == AVAHI_RESOLVER_FOUND else {
    target.report(.resolverFailed(id))
    return
  }
  // Without address when it was not asked for one.
  target.report(
    .resolved(
      id,
      AvahiTracker.Resolution(
        hostName: AvahiNames.string(hostName) ?? "", port: port, txt: AvahiNames.txtRecord(txt),
        address: AvahiNames.address(address))))
}

/// AvahiRecordBrowserCallback, for A and AAAA records. `userdata`: a `CallbackTarget`.
func onHostRecord(
  _ browser: OpaquePointer?, _ interface: AvahiIfIndex, _ proto: AvahiProtocol,
  _ event: AvahiBrowserEvent, _ name: UnsafePointer<CChar>?, _ class: UInt16, _ type: UInt16,
  _ data: UnsafeRawPointer?, _ size: Int, _ flags: AvahiLookupResultFlags,
  _ userdata: UnsafeMutableRawPointer?
) {
  guard let target = CallbackTarget.from(userdata), case .host(let host) = target.id else {
    return
  }
  switch event {
  case AVAHI_BROWSER_NEW, AVAHI_BROWSER_REMOVE:
    guard let family = AvahiNames.family(proto),
      let address = Address(networkBytes: UnsafeRawBufferPointer(start: data, count: size))
    else { return }
    let record = AvahiTracker.HostRecord(
      interfaceIndex: interface, family: family, address: address)
    target.report(
      event == AVAHI_BROWSER_NEW
        ? .hostRecordNew(host: host, record) : .hostRecordGone(host: host, record))
  case AVAHI_BROWSER_FAILURE: target.report(.hostBrowserFailed(host: host))
  default: return
  }
}
