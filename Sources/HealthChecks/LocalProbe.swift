import DiscoveryCore

/// One look at a port of this machine: what answers there, and whether other machines reach it.
///
/// To an address of one's own a connection is made or refused at once: only where one was made is the
/// server asked, and it has all the time to answer.
package struct LocalProbe: Hashable, Sendable {
  /// How much is asked.
  package enum Depth: Hashable, Sendable {
    /// Which kind of server it is, of all that there are.
    case everything
    /// Whether it still is of the kind that an earlier look found, with its version and models.
    case stillIs(BackendType)
    /// Nothing, for a server that is of no use: only whether something listens.
    case connection
  }

  package let port: UInt16
  /// What it must answer as; `unknown`: whatever it is.
  package let claim: BackendType
  package let depth: Depth
  /// For all answers.
  package let timeout: Duration

  package init(port: UInt16, claim: BackendType, depth: Depth, timeout: Duration) {
    self.port = port
    self.claim = claim
    self.depth = depth
    self.timeout = timeout
  }

  /// Asks at `addresses`, which are this machine's and what other machines would use, and where all of
  /// them refuse, at loopback.
  package func run(
    at addresses: [Address], over transport: any ProbeTransport, clock: any DiscoveryClock
  ) async -> LocalVerdict {
    switch await connect(to: addresses, over: transport) {
    case .unclear(let error): return .failing(error.description)
    case .listens(let address): return await ask(at: address, over: transport, clock: clock)
    case .refused: break
    }
    switch await connect(to: Address.loopbacks, over: transport) {
    case .unclear(let error): return .failing(error.description)
    case .refused: return .gone
    case .listens(let address):
      let verdict = await ask(at: address, over: transport, clock: clock)
      guard case .well(let findings) = verdict else { return verdict }
      // One that listens everywhere, while the network is only half there.
      guard addresses.contains(where: { $0.family == address.family }) else {
        let family = address.family == .ipv4 ? "IPv4" : "IPv6"
        return .failing("it listens on \(family), of which this machine has no address now")
      }
      return .loopbackOnly(findings)
    }
  }

  private enum Connection {
    case listens(Address)
    case refused
    case unclear(ProbeError)
  }

  /// The first address at which something listens.
  private func connect(
    to addresses: [Address], over transport: any ProbeTransport
  ) async -> Connection {
    var unclear: ProbeError?
    for address in addresses {
      let limit = min(timeout, .seconds(1))
      let request = ProbeRequest(
        question: .connect, scheme: .http, address: address, port: port,
        serverName: address.unzoned.description, access: ProbeAccess(),
        limits: ProbeRequest.Limits(connecting: limit, total: limit))
      switch await transport.send(request) {
      case .success: return .listens(address)
      case .failure(.refused): break
      case .failure(let error): unclear = unclear ?? error
      }
    }
    return unclear.map { .unclear($0) } ?? .refused
  }

  private func ask(
    at address: Address, over transport: any ProbeTransport, clock: any DiscoveryClock
  ) async -> LocalVerdict {
    var likely: BackendType?
    switch depth {
    case .connection: return .unchanged
    case .stillIs(let type): likely = type
    case .everything: break
    }
    let verdict = await Probe(
      id: Probe.ID(backend: BackendID(of: "localhost:\(port)", in: .url), number: 0),
      target: CheckTarget(port: port, of: [address], claim: claim), access: ProbeAccess(),
      known: nil, likely: likely, timeout: timeout, at: clock.now().uptime
    ).run(over: transport, clock: clock)
    return LocalVerdict(verdict, claim: claim)
  }
}

/// What one look at a port of this machine came to.
package enum LocalVerdict: Hashable, Sendable {
  /// It answers as it should, and other machines reach it.
  case well(Findings)
  /// It answers as it should, but only this machine reaches it.
  case loopbackOnly(Findings)
  /// Something else answers there; with a short sentence.
  case different(String)
  /// Nothing listens there.
  case gone
  /// It does not answer well just now; with a short sentence.
  case failing(String)
  /// Something listens there, which was not asked what it is.
  case unchanged

  /// What the answers mean for a port where `claim` should be.
  fileprivate init(_ verdict: ProbeVerdict, claim: BackendType) {
    switch verdict.condition {
    case .failed(let sentence), .notReady(let sentence): self = .failing(sentence)
    case .well(let remark):
      let findings = verdict.findings ?? Findings()
      let isLike = findings.type.map { !$0.contradicts(claim) } ?? false
      if claim == .unknown || claim == .lmserv || isLike || remark == ProbePlan.needsKey {
        self = .well(findings)
      } else {
        self = .different(remark ?? "answers, but not as \(claim.rawValue) does")
      }
    }
  }
}

extension Address {
  /// 127.0.0.1 and ::1.
  fileprivate static let loopbacks = ["127.0.0.1", "::1"].compactMap { Address($0) }
}
