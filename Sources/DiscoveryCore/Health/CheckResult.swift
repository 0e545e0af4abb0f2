/// What one health check means for its backend.
package struct CheckResult: Hashable, Sendable {
  /// What the backend is from now on, the checks before this one considered.
  package var status: BackendStatus
  package var report: HealthReport
  /// When the check began: it says nothing of what happened to the backend since.
  package var startedAt: Uptime
  /// Where the backend was when the check began.
  package var endpoint: Endpoint
  /// The address that answered; nil when none did.
  package var answeredBy: Address?
  /// What was found; nil when nothing answered, so that what was known before holds.
  package var findings: Findings?

  package init(
    status: BackendStatus, report: HealthReport, startedAt: Uptime, endpoint: Endpoint,
    answeredBy: Address? = nil, findings: Findings? = nil
  ) {
    self.status = status
    self.report = report
    self.startedAt = startedAt
    self.endpoint = endpoint
    self.answeredBy = answeredBy
    self.findings = findings
  }
}

/// What a server's own answers say of it.
package struct Findings: Hashable, Sendable {
  /// Nil when its answers are those of no known type.
  package var type: BackendType?
  /// Nil when it does not tell.
  package var version: String?
  /// Sorted and unique; nil when it does not tell.
  package var models: [String]?

  package init(type: BackendType? = nil, version: String? = nil, models: [String]? = nil) {
    self.type = type
    self.version = version
    self.models = models
  }
}

extension BackendType {
  /// True when a server of this type cannot be what it is claimed to be.
  ///
  /// Nothing contradicts `unknown`, and `openai-compatible` fits all that speak OpenAI's API.
  package func contradicts(_ claim: BackendType) -> Bool {
    self != claim && ![self, claim].contains { $0 == .unknown || $0 == .openAICompatible }
  }
}
