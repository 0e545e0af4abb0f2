import APIModel
import DiscoveryCore

/// All that the API answers from; it lives on the server's thread.
package final class ReadModel {
  /// What is known of the daemon itself.
  package struct Identity: Hashable, Sendable {
    package let version: String
    package let pid: Int32
    package let started: Moment

    package init(version: String, pid: Int32, started: Moment) {
      self.version = version
      self.pid = pid
      self.started = started
    }
  }

  /// Whether the daemon can be relied on.
  package enum Readiness: Hashable, Sendable {
    case ready
    /// With a sentence for people.
    case notReady(String)
  }

  /// How long events are still kept after the last reader left, so that it can resume; and how long
  /// after the last client what was made for clients.
  package static let retention: Duration = .seconds(30)

  package let backends: BackendMirror
  /// How many health checks wait for an answer.
  package var runningChecks: () -> Int = { 0 }
  package var readiness = Readiness.notReady("the daemon is starting")
  /// This machine's services, on the air or not.
  package var announcements: [AnnouncementDocument] = []
  /// How many clients are connected.
  package var connections: () -> Int = { 0 }
  /// What the daemon's parts count.
  let counters: DaemonCounters
  let identity: Identity
  private(set) var sources: [SourceStatus] = []
  private var skipped: [RegistryNotice.SkipReason: Int] = [:]
  private var ring: EventRing
  /// How many connections read events.
  private(set) var readers = 0
  /// How many answers were given; statuses that never were are absent.
  private(set) var answers: [HTTPStatus: Int] = [:]
  private var eventsUntil: Uptime?
  private var dates = HTTPDate()

  /// `lists`: how many bytes of lists may be held for slow clients.
  package init(
    identity: Identity, ring: EventRing.Limits = EventRing.Limits(), lists: Int = 64 << 20,
    counters: DaemonCounters = DaemonCounters()
  ) {
    self.identity = identity
    self.counters = counters
    backends = BackendMirror(heldLimit: lists)
    self.ring = EventRing(limits: ring)
  }

  /// Takes what the registry tells its watchers.
  package func apply(_ update: RegistryUpdate, at now: Moment) {
    sources = update.sources
    skipped = update.skipped
    switch update.content {
    case .snapshot(let snapshot):
      backends.reset(to: snapshot)
      ring.reset(to: snapshot.revision)
    case .changes(let changes):
      let isRecording = readers > 0 || eventsUntil.map { now.uptime < $0 } ?? false
      for change in changes {
        let entry = backends.apply(change)
        // Nothing is encoded that nobody reads.
        if isRecording {
          let start = "event: \(WatchEvent(change.kind).rawValue)\nid: \(change.revision)\ndata: "
          ring.append(entry.json(after: start, before: "\n\n"), revision: change.revision)
        }
      }
      if !isRecording { ring.reset(to: backends.revision) }
    }
    for (id, check) in update.checks { backends.apply(check, to: id) }
  }

  /// An answer with this status is given.
  package func countAnswer(_ status: HTTPStatus) {
    answers[status, default: 0] += 1
  }

  /// Nobody is connected, nor has been for `retention`: what was made for clients is made again for
  /// the next.
  package func forgetEncoded() {
    eventsUntil = nil
    ring.reset(to: backends.revision)
    backends.forgetEncoded()
  }

  // MARK: - Events

  /// A connection begins to read events.
  package func addReader() {
    readers += 1
  }

  /// A connection that read events is gone.
  package func removeReader(at now: Moment) {
    readers -= 1
    if readers == 0 { eventsUntil = now.uptime.advanced(by: Self.retention) }
  }

  /// What a reader of events gets next.
  package enum NextEvent: Sendable {
    case event([OutputSegment])
    case upToDate
    /// It needs the list of all backends, and slow clients hold so many lists that it gets none.
    case noRoom
  }

  /// What a reader that has `revision` gets next. A reader without a revision, or with one that is
  /// not kept any more, gets a snapshot.
  package func nextEvent(after revision: inout UInt64?) -> NextEvent {
    if let known = revision {
      switch ring.next(after: known) {
      case .upToDate: return .upToDate
      case .event(let bytes, let next):
        revision = next
        return .event([OutputSegment(bytes)])
      case .lost: break
      }
    }
    guard backends.isListHeld || backends.hasRoom else { return .noRoom }
    revision = backends.revision
    let start = "event: \(WatchEvent.snapshot.rawValue)\nid: \(backends.revision)\ndata: "
    return .event([
      OutputSegment(Array(start.utf8)), OutputSegment(backends.list()),
      OutputSegment(Array("\n\n".utf8)),
    ])
  }

  /// False when `nextEvent` would find no room for a reader that has `revision`.
  package func hasRoom(forReaderAfter revision: UInt64?) -> Bool {
    if let revision, ring.next(after: revision) != .lost { return true }
    return backends.isListHeld || backends.hasRoom
  }

  // MARK: - Status

  /// `now` as a `Date` header has it.
  package func date(at now: Moment) -> String {
    dates.text(at: now.wall)
  }

  /// The daemon's status at `now`.
  package func status(at now: Moment) -> StatusDocument {
    var counts = StatusDocument.Counts(total: backends.count)
    for entry in backends.entries {
      switch entry.backend.status {
      case .healthy: counts.healthy += 1
      case .unhealthy: counts.unhealthy += 1
      case .unknown: counts.unknown += 1
      }
      if entry.backend.expiresAt != nil { counts.disappeared += 1 }
    }
    return StatusDocument(
      version: identity.version, pid: identity.pid,
      uptime: identity.started.uptime.duration(to: now.uptime), started: identity.started.wall,
      revision: backends.revision, isReady: readiness == .ready, backends: counts,
      sources: sources.map(SourceDocument.init), skipped: skipped,
      runningChecks: runningChecks(), announcements: announcements)
  }
}
