import DiscoveryCore

/// The daemon as JSON has it: `GET /v1/status`.
package struct StatusDocument: Hashable, Sendable, Encodable {
  /// How many backends there are, by status; the last key counts those in their grace period, which
  /// are in the other counts too.
  package struct Counts: Hashable, Sendable, Encodable {
    package var total: Int
    package var healthy: Int
    package var unhealthy: Int
    package var unknown: Int
    package var disappeared: Int

    package init(
      total: Int = 0, healthy: Int = 0, unhealthy: Int = 0, unknown: Int = 0, disappeared: Int = 0
    ) {
      self.total = total
      self.healthy = healthy
      self.unhealthy = unhealthy
      self.unknown = unknown
      self.disappeared = disappeared
    }
  }

  package var version: String
  package var pid: Int32
  /// Seconds since the start, to the millisecond.
  package var uptimeSeconds: Double
  package var started: Timestamp
  package var revision: UInt64
  package var isReady: Bool
  package var backends: Counts
  /// In order of precedence.
  package var sources: [SourceDocument]
  /// How often sightings were skipped since the start, by `RegistryNotice.SkipReason`; reasons that
  /// never occurred are absent.
  package var skipped: [String: Int]
  /// Health checks that wait for an answer right now.
  package var runningChecks: Int
  /// This machine's services, on the air or not; nil from a daemon of an earlier version.
  package var announcements: [AnnouncementDocument]?

  private enum CodingKeys: String, CodingKey {
    case version, pid, started, revision, backends, sources, skipped, announcements
    case uptimeSeconds = "uptime_seconds"
    case isReady = "ready"
    case runningChecks = "running_checks"
  }

  package init(
    version: String, pid: Int32, uptime: Duration, started: WallTime, revision: UInt64,
    isReady: Bool, backends: Counts, sources: [SourceDocument],
    skipped: [RegistryNotice.SkipReason: Int] = [:], runningChecks: Int = 0,
    announcements: [AnnouncementDocument] = []
  ) {
    self.announcements = announcements
    self.version = version
    self.pid = pid
    uptimeSeconds = Double(uptime.wholeNanoseconds / 1_000_000) / 1000
    self.started = Timestamp(started)
    self.revision = revision
    self.isReady = isReady
    self.backends = backends
    self.sources = sources
    self.skipped = Dictionary(
      uniqueKeysWithValues: skipped.map { reason, count in (reason.rawValue, count) })
    self.runningChecks = runningChecks
  }
}

/// A source as JSON has it.
package struct SourceDocument: Hashable, Sendable, Encodable {
  /// A `SourceKind`.
  package var source: String
  /// A `SourceStatus.State`.
  package var state: String
  /// When the state began.
  package var since: Timestamp
  /// The last failure's reason, also after a recovery.
  package var lastError: String?
  /// How often it worked again after a failure.
  package var reconnects: Int
  package var sightings: Int
  /// What keeps it from telling all that there is.
  package var limits: [Limit]

  /// A limit that the source has met.
  package struct Limit: Hashable, Sendable, Encodable {
    package var name: String
    /// What is reached, and how it is raised.
    package var message: String
  }

  private enum CodingKeys: String, CodingKey {
    case source, state, since, reconnects, sightings, limits
    case lastError = "last_error"
  }

  package init(_ status: SourceStatus) {
    source = status.source.rawValue
    state = status.state.rawValue
    since = Timestamp(status.since)
    lastError = status.lastError
    reconnects = status.reconnects
    sightings = status.sightings
    limits = status.limits.map { Limit(name: $0.name.rawValue, message: $0.message) }
  }

  // Written out, because the compiler's own leaves out keys without a value.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(source, forKey: .source)
    try container.encode(state, forKey: .state)
    try container.encode(since, forKey: .since)
    try container.encode(lastError, forKey: .lastError)
    try container.encode(reconnects, forKey: .reconnects)
    try container.encode(sightings, forKey: .sightings)
    try container.encode(limits, forKey: .limits)
  }
}

// MARK: - Reading

extension StatusDocument: JSONReadable {
  package init(_ json: JSON) throws(JSONMismatch) {
    version = try json.text("version")
    guard let pid = Int32(exactly: try json.integer("pid")) else {
      throw JSON.mismatch("pid", "a process id")
    }
    self.pid = pid
    guard let uptime = json["uptime_seconds"]?.double else {
      throw JSON.mismatch("uptime_seconds", "a number")
    }
    uptimeSeconds = uptime
    started = try json.time("started")
    revision = try json.unsignedInteger("revision")
    isReady = try json.flag("ready")
    guard let counts = json["backends"] else { throw JSON.mismatch("backends", "there") }
    backends = try Counts(counts)
    sources = try json.documents(SourceDocument.self, "sources")
    guard let skips = json["skipped"]?.members else { throw JSON.mismatch("skipped", "an object") }
    skipped = [:]
    for (reason, count) in skips {
      guard let count = count.integer else { throw JSON.mismatch("skipped", "whole numbers") }
      skipped[reason] = count
    }
    runningChecks = try json.integer("running_checks")
    announcements = try json.optionalDocuments(AnnouncementDocument.self, "announcements")
  }
}

extension StatusDocument.Counts: JSONReadable {
  package init(_ json: JSON) throws(JSONMismatch) {
    total = try json.integer("total")
    healthy = try json.integer("healthy")
    unhealthy = try json.integer("unhealthy")
    unknown = try json.integer("unknown")
    disappeared = try json.integer("disappeared")
  }
}

extension SourceDocument: JSONReadable {
  package init(_ json: JSON) throws(JSONMismatch) {
    source = try json.text("source")
    state = try json.text("state")
    since = try json.time("since")
    lastError = try json.optionalText("last_error")
    reconnects = try json.integer("reconnects")
    sightings = try json.integer("sightings")
    // A daemon of an earlier version says nothing of limits.
    limits = try json.optionalDocuments(Limit.self, "limits") ?? []
  }
}

extension SourceDocument.Limit: JSONReadable {
  package init(_ json: JSON) throws(JSONMismatch) {
    name = try json.text("name")
    message = try json.text("message")
  }
}
