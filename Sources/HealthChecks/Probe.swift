import DiscoveryCore

/// One check of one backend: address after address until one answers, then question after question.
///
/// It asks nothing itself: whoever runs it sends each request and hands the answer back.
package struct Probe: Sendable {
  /// Which check this is; no two have the same.
  package struct ID: Hashable, Sendable {
    package let backend: BackendID
    let number: UInt64
  }

  package enum Step: Hashable, Sendable {
    case send(ProbeRequest)
    case finish(ProbeVerdict)
  }

  /// What each address behind the present one is left of the time, where that is possible.
  private static let reserve: Duration = .milliseconds(500)
  /// No connection in a local network takes longer, where other addresses wait.
  private static let patience: Duration = .seconds(1)

  package let id: ID
  private let target: CheckTarget
  private let access: ProbeAccess
  private let known: Findings?
  private let likely: BackendType?
  private let timeout: Duration
  private let deadline: Uptime
  private var plan: ProbePlan
  /// The address that is asked, by its place.
  private var place = 0
  private var isAnswered = false
  private var latency: Duration?
  private var failures: [ProbeError] = []

  /// A check that begins at `now` and ends within `timeout`. `known`: what an earlier one found, where
  /// that still holds; `likely`: the type that it found, where that is to be seen again.
  init(
    id: ID, target: CheckTarget, access: ProbeAccess, known: Findings?,
    likely: BackendType? = nil, timeout: Duration, at now: Uptime
  ) {
    self.id = id
    self.target = target
    self.known = known
    self.likely = likely
    self.timeout = timeout
    deadline = now.advanced(by: timeout)
    plan = ProbePlan(
      paths: target.paths, claim: target.claim, known: known, likely: likely)
    // A key goes where an administrator's URL leads, and nowhere that the network named.
    var access = access
    if !target.isConfigured { access.key = nil }
    self.access = access
  }

  /// The first request, or the end where there is nowhere to send it.
  package mutating func begin(at now: Uptime) -> Step {
    guard !target.addresses.isEmpty else {
      return fail("no address is known for \(target.endpoint.host)")
    }
    return take(plan.begin(), at: now)
  }

  /// What follows from the outcome of the last request.
  package mutating func next(
    after outcome: Result<ProbeResponse, ProbeError>, at now: Uptime
  ) -> Step {
    switch outcome {
    case .success(let response):
      isAnswered = true
      latency = response.latency
      return take(plan.next(after: Answer(response)), at: now)
    case .failure(.bodyTooLarge):
      isAnswered = true
      return take(plan.next(after: .tooLarge), at: now)
    case .failure(let error):
      failures.append(error)
      guard error != .cancelled, !isAnswered, place + 1 < target.addresses.count, now < deadline
      else {
        return fail(sentence)
      }
      place += 1
      plan = ProbePlan(
        paths: target.paths, claim: target.claim, known: known, likely: likely)
      return take(plan.begin(), at: now)
    }
  }

  // MARK: - Steps

  private mutating func take(_ step: ProbePlan.Step, at now: Uptime) -> Step {
    switch step {
    case .ask(let question):
      guard now < deadline else {
        failures.append(.timedOut)
        return fail(sentence)
      }
      return .send(request(question, at: now))
    case .finish(let condition, let findings):
      return .finish(
        ProbeVerdict(
          condition: remarked(condition, on: findings), findings: findings,
          answeredBy: target.addresses[place], latency: latency))
    }
  }

  private func fail(_ sentence: String) -> Step {
    .finish(
      ProbeVerdict(
        condition: .failed(sentence), answeredBy: isAnswered ? target.addresses[place] : nil,
        latency: latency))
  }

  /// The most telling of what went wrong: the first that is no silence.
  private var sentence: String {
    failures.first { $0 != .timedOut }?.description ?? ProbeVerdict.silence(for: timeout)
  }

  private func request(_ question: ProbeRequest.Question, at now: Uptime) -> ProbeRequest {
    let address = target.addresses[place]
    let isByName = Address(target.endpoint.host) == nil
    return ProbeRequest(
      question: question, scheme: target.endpoint.scheme, address: address,
      port: target.endpoint.port,
      serverName: isByName ? target.endpoint.host : address.unzoned.description, access: access,
      limits: limits(at: now))
  }

  /// As long as no address answered, each that is left keeps its share of the time.
  private func limits(at now: Uptime) -> ProbeRequest.Limits {
    let remaining = now.duration(to: deadline)
    let others = isAnswered ? 0 : target.addresses.count - place - 1
    guard others > 0 else {
      return ProbeRequest.Limits(connecting: remaining, total: remaining)
    }
    let share = remaining / (others + 1)
    return ProbeRequest.Limits(
      connecting: min(share, Self.patience), total: max(share, remaining - Self.reserve * others))
  }

  private func remarked(
    _ condition: ProbeVerdict.Condition, on findings: Findings?
  ) -> ProbeVerdict.Condition {
    guard case .well(let remark) = condition, let type = findings?.type,
      type.contradicts(target.claim)
    else { return condition }
    let contradiction = "answers as \(type.rawValue), not as \(target.claim.rawValue)"
    return .well(remark: remark.map { "\(contradiction), and \($0)" } ?? contradiction)
  }
}
