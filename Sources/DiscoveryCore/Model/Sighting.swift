/// What one source says of one endpoint: for mDNS, an instance on one interface over one protocol.
package struct Sighting: Hashable, Sendable {
  /// Which of a source's sightings this is; a source repeats it to update or remove one.
  package struct ID: Hashable, Sendable {
    /// What the source calls the server: mDNS, the escaped full instance name; static, the URL.
    package let identity: String
    /// The interface that it was seen on, by name; nil where none applies.
    package let interface: String?
    /// The protocol that it was seen over (mDNS over IPv4 and IPv6 are two sightings).
    package let family: Address.Family?

    package init(identity: String, interface: String? = nil, family: Address.Family? = nil) {
      self.identity = identity
      self.interface = interface
      self.family = family
    }
  }

  package let id: ID
  /// The name to show: the instance name, or a static backend's own.
  package var name: String
  package var scheme: URLScheme
  /// The host's name in lower case without the last dot: the SRV target, or the URL's host. A target
  /// outside .local is here as it was advertised, one below it that is no host name is not.
  package var hostname: String?
  package var port: UInt16
  /// Every address known for the host, in no order; link-local IPv6 with its zone.
  package var addresses: [Address]
  /// The instance that was advertised; nil for sources other than mDNS.
  package var instance: ServiceInstance?
  package var txt: TXTRecord
  /// What an administrator says of it; empty for what the network says.
  package var settings: Settings
  /// True when this machine itself announces it (Avahi's AVAHI_LOOKUP_RESULT_LOCAL).
  package var isOwnAnnouncement: Bool

  /// What only an administrator's sources decide.
  package struct Settings: Hashable, Sendable {
    package var type: BackendType?
    /// Lower is preferred; nil for the source's default.
    package var priority: Int?
    /// The URL's own path; nil where it has none.
    package var apiPath: String?

    package init(type: BackendType? = nil, priority: Int? = nil, apiPath: String? = nil) {
      self.type = type
      self.priority = priority
      self.apiPath = apiPath
    }
  }

  package init(
    id: ID, name: String, scheme: URLScheme = .http, hostname: String? = nil, port: UInt16,
    addresses: [Address] = [], instance: ServiceInstance? = nil, txt: TXTRecord = TXTRecord(),
    settings: Settings = Settings(), isOwnAnnouncement: Bool = false
  ) {
    self.id = id
    self.name = name
    self.scheme = scheme
    self.hostname = hostname
    self.port = port
    self.addresses = addresses
    self.instance = instance
    self.txt = txt
    self.settings = settings
    self.isOwnAnnouncement = isOwnAnnouncement
  }
}

/// How a backend is spoken to.
package enum URLScheme: String, Hashable, Sendable, Codable {
  case http
  case https

  package var defaultPort: UInt16 { self == .http ? 80 : 443 }
}
