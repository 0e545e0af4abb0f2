// What a backend is, apart from how it is doing: what all copies of it share.

extension Backend {
  /// What a backend is, which no one changes.
  ///
  /// What sightings say is read from them whenever somebody asks: many backends come and go before
  /// anybody does.
  final class Facts: Hashable, Sendable {
    let id: BackendID
    /// What its leading source says: it decides name, scheme, port and path.
    private let leading: Sighting
    /// What the network announces, by the leading announcement; nil where `leading` is it, or none is.
    private let announced: Sighting?
    /// Nil where `leading` is all that is said of it.
    private let combined: Combined?
    let addresses: [Address]
    let interfaces: [String]
    let firstSeen: WallTime
    /// In 32 bits, with which malloc has a smaller place for all of this.
    private let ownCount: UInt32
    let detectedType: BackendType?
    let source: SourceKind
    let isLocal: Bool

    /// What several sources say, or health checks found.
    final class Combined: Hashable, Sendable {
      let sources: [SourceKind]
      let claimedType: BackendType
      let hostname: String?
      let version: String?
      let models: [String]
      let info: String?

      init(
        sources: [SourceKind], claimedType: BackendType, hostname: String?, version: String?,
        models: [String], info: String?
      ) {
        self.sources = sources
        self.claimedType = claimedType
        self.hostname = hostname
        self.version = version
        self.models = models
        self.info = info
      }

      static func == (left: Combined, right: Combined) -> Bool {
        left.sources == right.sources && left.claimedType == right.claimedType
          && left.hostname == right.hostname && left.version == right.version
          && left.models == right.models && left.info == right.info
      }

      func hash(into hasher: inout Hasher) {
        hasher.combine(version)
        hasher.combine(models)
      }
    }

    init(
      id: BackendID, leading: Sighting, announced: Sighting?, combined: Combined?,
      addresses: [Address], ownAddressCount: Int, interfaces: [String], source: SourceKind,
      detectedType: BackendType?, isLocal: Bool, firstSeen: WallTime
    ) {
      self.id = id
      self.leading = leading
      self.announced = announced
      self.combined = combined
      self.addresses = addresses
      ownCount = UInt32(ownAddressCount)
      self.interfaces = interfaces
      self.source = source
      self.detectedType = detectedType
      self.isLocal = isLocal
      self.firstSeen = firstSeen
    }

    func seen(at addresses: [Address], on interfaces: [String]) -> Facts {
      Facts(
        id: id, leading: leading, announced: announced, combined: combined, addresses: addresses,
        ownAddressCount: ownAddressCount, interfaces: interfaces, source: source,
        detectedType: detectedType, isLocal: isLocal, firstSeen: firstSeen)
    }

    var name: String { leading.name }
    var scheme: URLScheme { leading.scheme }
    var port: UInt16 { leading.port }
    var ownAddressCount: Int { Int(ownCount) }
    var instance: ServiceInstance? { (announced ?? leading).instance }
    var txt: TXTRecord { (announced ?? leading).txt }
    var sources: [SourceKind] { combined?.sources ?? source.alone }
    var priority: Int { leading.settings.priority ?? source.defaultPriority }
    var hostname: String? { combined.map(\.hostname) ?? leading.hostname }
    var version: String? { combined.map(\.version) ?? leading.said?.version }
    var models: [String] { combined?.models ?? leading.said?.models ?? [] }
    var info: String? { combined.map(\.info) ?? leading.said?.info }

    var claimedType: BackendType {
      combined?.claimedType ?? leading.settings.type ?? leading.said?.type ?? .unknown
    }

    var type: BackendType {
      let claimedType = claimedType
      return claimedType == .unknown ? detectedType ?? .unknown : claimedType
    }

    /// An administrator's URL is taken at its word; a service's path comes from its TXT record. The
    /// default is that of the backend's type, which another source may know better.
    var apiPath: String {
      (leading.said.map(\.advertisedAPIPath) ?? leading.settings.apiPath) ?? type.defaultAPIPath
    }

    /// A configured host name stays in the URL; what the network named is reached by address.
    var host: BackendURL.Host {
      if source.isAdministered, let hostname = leading.hostname { return .name(hostname) }
      if let first = addresses.first { return .address(first) }
      return .name(leading.hostname ?? "")
    }

    var endpoint: Endpoint { Endpoint(scheme: scheme, host: host.description, port: port) }

    /// First what differs most often.
    static func == (left: Facts, right: Facts) -> Bool {
      left === right
        || left.txt == right.txt && left.id == right.id && left.firstSeen == right.firstSeen
          && left.source == right.source && left.detectedType == right.detectedType
          && left.isLocal == right.isLocal && left.ownAddressCount == right.ownAddressCount
          && left.sources == right.sources && left.interfaces == right.interfaces
          && left.addresses == right.addresses && left.saysTheSame(as: right)
    }

    private func saysTheSame(as other: Facts) -> Bool {
      name == other.name && scheme == other.scheme && port == other.port
        && instance == other.instance && priority == other.priority && hostname == other.hostname
        && version == other.version && models == other.models && info == other.info
        && claimedType == other.claimedType && apiPath == other.apiPath && host == other.host
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(id)
    }
  }

  package var id: BackendID { facts.id }

  package var name: String { facts.name }

  /// `scheme://HOST:PORT` and `apiPath`.
  package var url: String {
    BackendURL(scheme: scheme, host: facts.host, port: port, path: apiPath).description
  }

  package var scheme: URLScheme { facts.scheme }

  /// The URL's host: an address (link-local IPv6 with its zone) or a configured name.
  package var host: String { facts.host.description }

  package var port: UInt16 { facts.port }

  /// "" or a path that begins with "/", below the base URL.
  package var apiPath: String { facts.apiPath }

  package var type: BackendType { facts.type }

  /// What the configuration, TXT or the service type say that it is; `unknown` when none does.
  package var claimedType: BackendType { facts.claimedType }

  /// What its own answers show it to be; nil before they do.
  package var detectedType: BackendType? { facts.detectedType }

  /// The highest source that knows it.
  package var source: SourceKind { facts.source }

  /// All sources that know it, highest first.
  package var sources: [SourceKind] { facts.sources }

  /// Lower is preferred.
  package var priority: Int { facts.priority }

  /// Every known address, best first.
  package var addresses: [Address] { facts.addresses }

  /// How many of them, from the first, an administrator's URL itself stands for; others are the
  /// network's word. 0 where no administrator names it.
  package var ownAddressCount: Int { facts.ownAddressCount }

  package var hostname: String? { facts.hostname }

  /// The leading mDNS instance, if any.
  package var instance: ServiceInstance? { facts.instance }

  package var version: String? { facts.version }

  package var models: [String] { facts.models }

  /// LMServ's free text about the node (TXT `info`).
  package var info: String? { facts.info }

  package var txt: TXTRecord { facts.txt }

  /// The interfaces that it is seen on, sorted.
  package var interfaces: [String] { facts.interfaces }

  /// Served by this machine.
  package var isLocal: Bool { facts.isLocal }

  package var firstSeen: WallTime { facts.firstSeen }

  /// The same at other addresses and on other interfaces.
  package func seen(at addresses: [Address], on interfaces: [String]) -> Backend {
    var backend = self
    backend.facts = facts.seen(at: addresses, on: interfaces)
    return backend
  }
}
