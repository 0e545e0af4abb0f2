import CAvahi
import DiscoveryCore
import Glibc

// C values from libavahi as Swift ones. Pointers are borrowed for the call.

enum AvahiNames {
  /// The domain of multicast DNS (RFC 6762 §3).
  static let domain = "local"

  /// `text` if it is UTF-8; libdbus aborts the process on anything else, so no other string may ever
  /// go back into the library.
  static func string(_ text: UnsafePointer<CChar>?) -> String? {
    text.flatMap { String(validatingCString: $0) }
  }

  /// The instance with its escaped full name; nil for a name that is none (RFC 6763 §4.1.1).
  static func instance(named name: String, type: ServiceType) -> ServiceInstance? {
    // A NUL inside would end the C string early.
    guard (1...63).contains(name.utf8.count), !name.utf8.contains(0) else { return nil }
    let fullName = withUnsafeTemporaryAllocation(
      of: CChar.self, capacity: Int(AVAHI_DOMAIN_NAME_MAX)
    ) { buffer -> String? in
      guard let base = buffer.baseAddress,
        avahi_service_name_join(base, buffer.count, name, type.name, domain) == AVAHI_OK
      else { return nil }
      return String(validatingCString: base)
    }
    return fullName.map { ServiceInstance(name: name, type: type, fullName: $0) }
  }

  /// The name to try when `name` is taken: "gpu #2", then "gpu #3" and so on, cut to the 63 bytes that
  /// a label has (RFC 6762 §9).
  static func alternative(to name: String) -> String {
    // Freed here; it is never nil but for want of memory.
    guard let text = avahi_alternative_service_name(name) else { return name + "2" }
    defer { avahi_free(text) }
    return String(cString: text)
  }

  /// The strings of a TXT record, binary-safe.
  static func txtRecord(_ list: UnsafeMutablePointer<AvahiStringList>?) -> TXTRecord {
    var record = TXTRecord()
    var next = list
    while let item = next {
      let bytes = UnsafeBufferPointer(
        start: avahi_string_list_get_text(item), count: avahi_string_list_get_size(item))
      record.append(item: bytes)
      next = avahi_string_list_get_next(item)
    }
    return record
  }

  /// Without zone; nil for a protocol that is neither IPv4 nor IPv6.
  static func address(_ address: UnsafePointer<AvahiAddress>?) -> Address? {
    guard let address else { return nil }
    switch address.pointee.proto {
    case Int32(AVAHI_PROTO_INET):
      return withUnsafeBytes(of: address.pointee.data.ipv4) { Address(networkBytes: $0) }
    case Int32(AVAHI_PROTO_INET6):
      return withUnsafeBytes(of: address.pointee.data.ipv6) { Address(networkBytes: $0) }
    default:
      return nil
    }
  }

  static func family(_ proto: AvahiProtocol) -> Address.Family? {
    switch proto {
    case Int32(AVAHI_PROTO_INET): .ipv4
    case Int32(AVAHI_PROTO_INET6): .ipv6
    default: nil
    }
  }

  static func proto(_ family: Address.Family) -> AvahiProtocol {
    family == .ipv4 ? Int32(AVAHI_PROTO_INET) : Int32(AVAHI_PROTO_INET6)
  }

  static let anyProtocol = Int32(AVAHI_PROTO_UNSPEC)
  static let anyInterface = Int32(AVAHI_IF_UNSPEC)

  /// The interface's name now (if_indextoname(3)); nil when there is none (any more).
  static func interface(_ index: AvahiIfIndex) -> AvahiTracker.Interface? {
    guard index > 0 else { return nil }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { buffer in
      guard let base = buffer.baseAddress, if_indextoname(UInt32(index), base) != nil else {
        return nil
      }
      return string(base).map { AvahiTracker.Interface(index: index, name: $0) }
    }
  }
}
