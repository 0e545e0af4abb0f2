// What health checks say: the only way for a status to become known.

extension RegistryState {
  /// What is known of a backend from asking it.
  struct Health {
    /// What checks say that began earlier is void: the backend came, went or came back since.
    var notBefore: Uptime
    /// Nil before the first check.
    var found: Found?
    var status = BackendStatus.unknown

    init(notBefore: Uptime) {
      self.notBefore = notBefore
    }

    /// What the checks found; apart, since many backends are never checked.
    final class Found: Sendable {
      /// Where it was when its status was found: that says nothing of any other place.
      let endpoint: Endpoint
      let lastCheck: HealthReport
      let findings: Findings?
      /// The address that answered last, where the first one did not.
      let answering: Address?

      init(
        endpoint: Endpoint, lastCheck: HealthReport, findings: Findings?, answering: Address?
      ) {
        self.endpoint = endpoint
        self.lastCheck = lastCheck
        self.findings = findings
        self.answering = answering
      }
    }
  }

  /// Takes the result of a check of the backend `id`; nothing comes of one that is outdated.
  ///
  /// A change of status is a `status`, any other of what consumers see an `updated`. A check that only
  /// confirms what is known is no change: the outcome names the backend as checked.
  package mutating func apply(
    _ result: CheckResult, to id: BackendID, at now: Moment
  ) -> Outcome {
    guard settings.checksHealth, let entry = entrySlot(of: id),
      result.startedAt >= entries[entry].health.notBefore,
      result.endpoint == entries[entry].committed?.endpoint
    else { return Outcome() }
    let former = entries[entry].health.found
    let findings = result.findings ?? former?.findings
    let answering = result.answeredBy ?? former?.answering
    // Another address that answers moves the backend there: the status is found at its new place.
    var endpoint = result.endpoint
    if findings != former?.findings || answering != former?.answering {
      endpoint = facts(of: entry, findings: findings, answering: answering).endpoint
      touch(entry)
    }
    entries[entry].health.status = result.status
    entries[entry].health.found = Health.Found(
      endpoint: endpoint, lastCheck: result.report, findings: findings, answering: answering)
    touch(entry, .presence)
    var outcome = commit()
    if outcome.changes.isEmpty { outcome.checked = [id] }
    return outcome
  }

  /// The last check of a backend; nil before the first.
  func lastCheck(of id: BackendID) -> HealthReport? {
    entrySlot(of: id).flatMap { entries[$0].health.found?.lastCheck }
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
