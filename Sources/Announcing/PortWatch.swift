import DiscoveryCore
import HealthChecks

/// What the looks at one port of this machine, one after another, come to.
struct PortWatch: Sendable {
  let port: UInt16
  /// What must answer there; `unknown`: whatever it is.
  let claim: BackendType
  /// When it is to be looked at next.
  var due: Uptime
  /// The look that is under way.
  var look: UInt64?
  /// True while it is to be announced.
  private(set) var isOnAir = false
  /// What it last was; nil once something else may be there.
  private(set) var findings: Findings?
  /// What answers on loopback alone; nil when nothing does so.
  private(set) var loopbackType: BackendType?
  /// Why it is not announced, as a short sentence.
  private(set) var reason = "not looked at yet"
  /// A person was told why it is not announced, and it was not since.
  var hasWarned = false
  private var failures = 0
  /// When all kinds of server were last told from one another.
  private var identifiedAt: Uptime?

  /// `isOnAir`: it is announced already, for a reason that holds no more; the first look tells whether it
  /// stays so.
  init(port: UInt16, claim: BackendType, due: Uptime, isOnAir: Bool = false) {
    self.port = port
    self.claim = claim
    self.due = due
    self.isOnAir = isOnAir
  }

  /// True when what is known of this one holds for `other` too.
  func isSame(as other: PortWatch) -> Bool {
    port == other.port && claim == other.claim
  }

  /// How much a look at `now` is to ask. All kinds of server are told apart from time to time only; one
  /// of a kind that nobody wants is left in peace meanwhile.
  func depth(at now: Uptime, wants isWanted: (BackendType) -> Bool) -> LocalProbe.Depth {
    let holds = identifiedAt.map { now < $0.advanced(by: HealthChecker.identificationHolds) }
    guard holds == true, let findings else { return .everything }
    guard let type = findings.type else { return claim == .unknown ? .connection : .everything }
    return isWanted(type) ? .stillIs(type) : .connection
  }

  /// After `threshold` bad answers in a row it is announced no more; where nothing listens, or the wrong
  /// server, at once.
  mutating func take(_ verdict: LocalVerdict, of look: Announcer.Look, threshold: Int) {
    loopbackType = nil
    switch verdict {
    case .unchanged: break
    case .well(let findings):
      failures = 0
      if look.probe.depth != .everything, findings != self.findings {
        // It may be another server by now, which answers the few questions that the last one was asked.
        identifiedAt = nil
        due = look.startedAt
        return
      }
      isOnAir = true
      if look.probe.depth == .everything { identifiedAt = look.startedAt }
      self.findings = findings
    case .failing(let sentence):
      failures += 1
      if failures >= threshold || !isOnAir { withdraw(sentence) }
    case .gone: withdraw("nothing listens at port \(port)")
    case .different(let sentence): withdraw("what listens at port \(port) \(sentence)")
    case .loopbackOnly(let findings):
      withdraw("only this machine reaches port \(port)")
      loopbackType = findings.type ?? claim
    }
  }

  private mutating func withdraw(_ reason: String) {
    isOnAir = false
    findings = nil
    self.reason = reason
  }
}
