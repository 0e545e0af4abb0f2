/// One advertised DNS-SD service: an instance name in a service type (RFC 6763 §4.1).
package struct ServiceInstance: Hashable, Sendable {
  /// The instance label as a person reads it: up to 63 bytes of any UTF-8, dots and spaces included.
  package let name: String
  package let type: ServiceType
  /// The escaped full name (RFC 6763 §4.3), as `avahi_service_name_join` builds it:
  /// `dot\.ted\032box._ollama._tcp.local`.
  package let fullName: String

  package init(name: String, type: ServiceType, fullName: String) {
    self.name = name
    self.type = type
    self.fullName = fullName
  }
}
