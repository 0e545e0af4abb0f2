/// The merged record that consumers see: one per real server.
package struct Backend: Hashable, Sendable {
  package let id: BackendID
  package var name: String
  /// `scheme://HOST:PORT` and `apiPath`.
  package var url: String
  package var scheme: URLScheme
  /// The URL's host: an address (link-local IPv6 with its zone) or a configured name.
  package var host: String
  package var port: UInt16
  /// "" or a path that begins with "/", below the base URL.
  package var apiPath: String
  package var type: BackendType
  /// What the configuration, TXT or the service type say that it is; `unknown` when none does.
  package var claimedType: BackendType
  /// What its own answers show it to be; nil before they do.
  package var detectedType: BackendType?
  package var status: BackendStatus
  /// The highest source that knows it.
  package var source: SourceKind
  /// All sources that know it, highest first.
  package var sources: [SourceKind]
  /// Lower is preferred.
  package var priority: Int
  /// Every known address, best first.
  package var addresses: [Address]
  /// How many of them, from the first, an administrator's URL itself stands for; others are the
  /// network's word. 0 where no administrator names it.
  package var ownAddressCount: Int
  package var hostname: String?
  /// The leading mDNS instance, if any.
  package var instance: ServiceInstance?
  package var version: String?
  package var models: [String]
  /// LMServ's free text about the node (TXT `info`).
  package var info: String?
  package var txt: TXTRecord
  /// The interfaces that it is seen on, sorted.
  package var interfaces: [String]
  /// Served by this machine.
  package var isLocal: Bool
  /// Known from a source that is down, or from before a restart, and not seen since.
  package var isStale: Bool
  package var firstSeen: WallTime
  package var lastSeen: WallTime
  /// When its grace period ends; nil while a sighting is present.
  package var expiresAt: WallTime?
  /// Outcome of the last health check; nil before the first.
  package var lastCheck: HealthReport?

  /// A backend with all that is known of it.
  package init(
    id: BackendID,
    name: String,
    url: String,
    scheme: URLScheme,
    host: String,
    port: UInt16,
    apiPath: String,
    type: BackendType,
    claimedType: BackendType = .unknown,
    detectedType: BackendType? = nil,
    status: BackendStatus,
    source: SourceKind,
    sources: [SourceKind],
    priority: Int,
    addresses: [Address],
    ownAddressCount: Int = 0,
    hostname: String? = nil,
    instance: ServiceInstance? = nil,
    version: String? = nil,
    models: [String],
    info: String? = nil,
    txt: TXTRecord,
    interfaces: [String],
    isLocal: Bool,
    isStale: Bool,
    firstSeen: WallTime,
    lastSeen: WallTime,
    expiresAt: WallTime? = nil,
    lastCheck: HealthReport? = nil
  ) {
    self.id = id
    self.name = name
    self.url = url
    self.scheme = scheme
    self.host = host
    self.port = port
    self.apiPath = apiPath
    self.type = type
    self.claimedType = claimedType
    self.detectedType = detectedType
    self.status = status
    self.source = source
    self.sources = sources
    self.priority = priority
    self.addresses = addresses
    self.ownAddressCount = ownAddressCount
    self.hostname = hostname
    self.instance = instance
    self.version = version
    self.models = models
    self.info = info
    self.txt = txt
    self.interfaces = interfaces
    self.isLocal = isLocal
    self.isStale = isStale
    self.firstSeen = firstSeen
    self.lastSeen = lastSeen
    self.expiresAt = expiresAt
    self.lastCheck = lastCheck
  }

  /// True when its answers show it to be something else than what is said of it.
  package var isContradicted: Bool { detectedType?.contradicts(claimedType) ?? false }

  /// The order in which backends are listed: priority, name, id.
  package static func isListedBefore(_ left: Backend, _ right: Backend) -> Bool {
    if left.priority != right.priority { return left.priority < right.priority }
    if left.name != right.name { return left.name < right.name }
    return left.id < right.id
  }
}

/// What one health check found.
package struct HealthReport: Hashable, Sendable {
  package var at: WallTime
  /// How long the answer took; nil without one.
  package var latency: Duration?
  /// A short sentence for people: why it failed, or what is odd about a server that is healthy
  /// ("needs a key"); nil when all is well.
  package var error: String?

  package init(at: WallTime, latency: Duration?, error: String?) {
    self.at = at
    self.latency = latency
    self.error = error
  }
}
