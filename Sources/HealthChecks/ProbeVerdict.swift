import DiscoveryCore

/// What one check of a server came to.
package struct ProbeVerdict: Hashable, Sendable {
  package enum Condition: Hashable, Sendable {
    /// It works; `remark` says what is odd about it, for people.
    case well(remark: String?)
    /// It answers, and says that it is not ready.
    case notReady(String)
    /// It does not work, or nothing answers; a short sentence.
    case failed(String)
  }

  package let condition: Condition
  /// What it is, as far as it told; nil when nothing answered.
  package let findings: Findings?
  /// The address that answered; nil when none did.
  package let answeredBy: Address?
  /// How long the last answer took; nil without one.
  package let latency: Duration?

  package init(
    condition: Condition, findings: Findings? = nil, answeredBy: Address? = nil,
    latency: Duration? = nil
  ) {
    self.condition = condition
    self.findings = findings
    self.answeredBy = answeredBy
    self.latency = latency
  }

  /// "timed out after 5 s".
  static func silence(for duration: Duration) -> String {
    let tenths = (duration.wholeNanoseconds + 50_000_000) / 100_000_000
    return "timed out after \(tenths / 10)\(tenths % 10 == 0 ? "" : ".\(tenths % 10)") s"
  }

  /// What it means for the backend's status.
  package var outcome: HealthState.Outcome {
    switch condition {
    case .well: .success
    case .notReady: .notReady
    case .failed: .failure
    }
  }

  /// What a person should read; nil when all is well.
  package var sentence: String? {
    switch condition {
    case .well(let remark): remark
    case .notReady(let reason), .failed(let reason): reason
    }
  }
}
