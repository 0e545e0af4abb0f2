// What health checks say: the only way for a status to become known.

extension RegistryState {
  /// What is known of a backend from asking it.
  struct Health {
    var status = BackendStatus.unknown
    /// Where it was when that status was found: it says nothing of any other place.
    var endpoint: Endpoint?
    var lastCheck: HealthReport?
    var findings: Findings?
    /// The address that answered last, where the first one did not.
    var answering: Address?
    /// What checks say that began earlier is void: the backend came, went or came back since.
    var notBefore: Uptime

    init(notBefore: Uptime) {
      self.notBefore = notBefore
    }
  }

  /// Takes the result of a check of the backend `id`; nothing comes of one that is outdated.
  ///
  /// A change of status is a `status`, any other of what consumers see an `updated`. A check that only
  /// confirms what is known is no change: the outcome names the backend as checked.
  package mutating func apply(
    _ result: CheckResult, to id: BackendID, at now: Moment
  ) -> Outcome {
    guard settings.checksHealth, let entry = entryByID[id],
      result.startedAt >= entries[entry].health.notBefore,
      result.endpoint == entries[entry].committed?.endpoint
    else { return Outcome() }
    entries[entry].health.status = result.status
    entries[entry].health.lastCheck = result.report
    if let findings = result.findings { entries[entry].health.findings = findings }
    if let answeredBy = result.answeredBy { entries[entry].health.answering = answeredBy }
    entries[entry].health.endpoint = facts(of: entry).endpoint
    touch(entry)
    var outcome = commit()
    if outcome.changes.isEmpty { outcome.checked = [id] }
    return outcome
  }

  /// The last check of a backend; nil before the first.
  func lastCheck(of id: BackendID) -> HealthReport? {
    entryByID[id].flatMap { entries[$0].health.lastCheck }
  }

  /// All that was found is forgotten: nobody checks any more.
  mutating func forgetHealth(at now: Moment) {
    for entry in entries.indices { entries[entry].health = Health(notBefore: now.uptime) }
  }

  /// The backend comes, goes or comes back: what was asked before that is no answer to it.
  mutating func outdateChecks(of entry: Int, at now: Moment) {
    entries[entry].health.notBefore = now.uptime
  }
}
