/// The merged record that consumers see: one per real server.
///
/// Who holds one shares its facts with all others: only what changes all the time is its own.
package struct Backend: Hashable, Sendable {
  /// What it is.
  var facts: Facts

  private var kept: KeptReport?

  package var lastSeen: WallTime
  /// When its grace period ends; nil while a sighting is present.
  package var expiresAt: WallTime?
  package var status: BackendStatus
  /// Known from a source that is down, or from before a restart, and not seen since.
  package var isStale: Bool

  /// Outcome of the last health check; nil before the first.
  package var lastCheck: HealthReport? {
    get { kept?.report }
    set { kept = newValue.map(KeptReport.init) }
  }

  init(
    _ facts: Facts, status: BackendStatus, isStale: Bool, lastSeen: WallTime,
    expiresAt: WallTime?, lastCheck: HealthReport?
  ) {
    self.facts = facts
    self.status = status
    self.isStale = isStale
    self.lastSeen = lastSeen
    self.expiresAt = expiresAt
    kept = lastCheck.map(KeptReport.init)
  }

  /// A backend with all that is known of it; its URL is made of its parts.
  package init(
    id: BackendID,
    name: String,
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
    let place = host == addresses.first?.description ? nil : host
    let leading = Sighting(
      id: Sighting.ID(identity: name), name: name, scheme: scheme, hostname: place, port: port,
      settings: Sighting.Settings(priority: priority, apiPath: apiPath))
    let announced = Sighting(
      id: Sighting.ID(identity: name), name: name, port: port, instance: instance, txt: txt)
    let isClaimed = claimedType != .unknown || type == detectedType
    let said = Facts.Combined(
      sources: sources, claimedType: isClaimed ? claimedType : type, hostname: hostname,
      version: version, models: models, info: info)
    self.init(
      Facts(
        id: id, leading: leading, announced: announced, combined: said, addresses: addresses,
        ownAddressCount: ownAddressCount, interfaces: interfaces, source: source,
        detectedType: detectedType, isLocal: isLocal, firstSeen: firstSeen),
      status: status, isStale: isStale, lastSeen: lastSeen, expiresAt: expiresAt,
      lastCheck: lastCheck)
  }

  /// True when its answers show it to be something else than what is said of it.
  package var isContradicted: Bool { detectedType?.contradicts(claimedType) ?? false }

  /// The order in which backends are listed: priority, name, id.
  package static func isListedBefore(_ left: Backend, _ right: Backend) -> Bool {
    let (left, right) = (left.facts, right.facts)
    if left.priority != right.priority { return left.priority < right.priority }
    let (leftName, rightName) = (left.name, right.name)
    return leftName != rightName ? leftName < rightName : left.id < right.id
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

/// A report in a place of its own, since most backends that are held at a time have none of theirs.
private final class KeptReport: Hashable, Sendable {
  let report: HealthReport

  init(_ report: HealthReport) {
    self.report = report
  }

  static func == (left: KeptReport, right: KeptReport) -> Bool {
    left === right || left.report == right.report
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(report)
  }
}
