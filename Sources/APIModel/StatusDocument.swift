import DiscoveryCore

/// The daemon as JSON has it: `GET /v1/status`.
package struct StatusDocument: Hashable, Sendable, Codable {
  /// How many backends there are, by status; the last key counts those in their grace period, which
  /// are in the other counts too.
  package struct Counts: Hashable, Sendable, Codable {
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

  private enum CodingKeys: String, CodingKey {
    case version, pid, started, revision, backends, sources
    case uptimeSeconds = "uptime_seconds"
    case isReady = "ready"
  }

  package init(
    version: String, pid: Int32, uptime: Duration, started: WallTime, revision: UInt64,
    isReady: Bool, backends: Counts, sources: [SourceDocument]
  ) {
    self.version = version
    self.pid = pid
    uptimeSeconds = Double(uptime.wholeNanoseconds / 1_000_000) / 1000
    self.started = Timestamp(started)
    self.revision = revision
    self.isReady = isReady
    self.backends = backends
    self.sources = sources
  }
}

/// A source as JSON has it.
package struct SourceDocument: Hashable, Sendable, Codable {
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

  private enum CodingKeys: String, CodingKey {
    case source, state, since, reconnects, sightings
    case lastError = "last_error"
  }

  package init(_ status: SourceStatus) {
    source = status.source.rawValue
    state = status.state.rawValue
    since = Timestamp(status.since)
    lastError = status.lastError
    reconnects = status.reconnects
    sightings = status.sightings
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
  }
}
