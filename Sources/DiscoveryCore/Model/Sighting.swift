/// What one source says of one endpoint: for mDNS, an instance on one interface over one protocol.
///
/// Its source, the registry and whoever is told of it share one copy; who changes it makes another.
package struct Sighting: Hashable, Sendable {
  private var shared: Shared

  private final class Shared: Sendable {
    let content: Content

    init(_ content: Content) {
      self.content = content
    }
  }

  /// First what differs most often.
  private struct Content: Hashable, Sendable {
    var txt: TXTRecord
    var addresses: [Address]
    let id: ID
    var name: String
    var hostname: String?
    var instance: ServiceInstance?
    var administered: Administered
    var port: UInt16
    var scheme: URLScheme
    var isOwnAnnouncement: Bool
  }

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

  /// Its settings, apart where it has any: most sightings are the network's, and have none.
  private indirect enum Administered: Hashable, Sendable {
    case nothing
    case this(Settings)

    init(_ settings: Settings) { self = settings == Settings() ? .nothing : .this(settings) }

    var settings: Settings {
      if case .this(let settings) = self { settings } else { Settings() }
    }
  }

  package init(
    id: ID, name: String, scheme: URLScheme = .http, hostname: String? = nil, port: UInt16,
    addresses: [Address] = [], instance: ServiceInstance? = nil, txt: TXTRecord = TXTRecord(),
    settings: Settings = Settings(), isOwnAnnouncement: Bool = false
  ) {
    shared = Shared(
      Content(
        txt: txt, addresses: addresses, id: id, name: name, hostname: hostname, instance: instance,
        administered: Administered(settings), port: port, scheme: scheme,
        isOwnAnnouncement: isOwnAnnouncement))
  }

  package static func == (left: Sighting, right: Sighting) -> Bool {
    left.shared === right.shared || left.shared.content == right.shared.content
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(shared.content)
  }

  /// True when both are one copy, and so are equal.
  func isCopy(of other: Sighting) -> Bool { shared === other.shared }
}

// MARK: - What it says

extension Sighting {
  package var id: ID { shared.content.id }

  /// The name to show: the instance name, or a static backend's own.
  package var name: String {
    get { shared.content.name }
    set { change { $0.name = newValue } }
  }

  package var scheme: URLScheme {
    get { shared.content.scheme }
    set { change { $0.scheme = newValue } }
  }

  /// The host's name in lower case without the last dot: the SRV target, or the URL's host. A target
  /// outside .local is here as it was advertised, one below it that is no host name is not.
  package var hostname: String? {
    get { shared.content.hostname }
    set { change { $0.hostname = newValue } }
  }

  package var port: UInt16 {
    get { shared.content.port }
    set { change { $0.port = newValue } }
  }

  /// Every address known for the host, in no order; link-local IPv6 with its zone.
  package var addresses: [Address] {
    get { shared.content.addresses }
    set { change { $0.addresses = newValue } }
  }

  /// The instance that was advertised; nil for sources other than mDNS.
  package var instance: ServiceInstance? {
    get { shared.content.instance }
    set { change { $0.instance = newValue } }
  }

  package var txt: TXTRecord {
    get { shared.content.txt }
    set { change { $0.txt = newValue } }
  }

  /// What an administrator says of it; empty for what the network says.
  package var settings: Settings {
    get { shared.content.administered.settings }
    set { change { $0.administered = Administered(newValue) } }
  }

  /// True when this machine itself announces it (Avahi's AVAHI_LOOKUP_RESULT_LOCAL).
  package var isOwnAnnouncement: Bool {
    get { shared.content.isOwnAnnouncement }
    set { change { $0.isOwnAnnouncement = newValue } }
  }

  private mutating func change(_ change: (inout Content) -> Void) {
    var content = shared.content
    change(&content)
    shared = Shared(content)
  }
}

/// How a backend is spoken to.
package enum URLScheme: String, Hashable, Sendable, Codable {
  case http
  case https

  package var defaultPort: UInt16 { self == .http ? 80 : 443 }
}
