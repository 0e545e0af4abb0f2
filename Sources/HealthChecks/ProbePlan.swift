import DiscoveryCore

/// Which questions one check asks a server that answers, and what the answers come to.
///
/// A server that was identified before is asked for its models alone, which shows that it works; any
/// other one goes through the table of fingerprints first.
struct ProbePlan: Sendable {
  enum Step: Hashable, Sendable {
    case ask(ProbeRequest.Question)
    case finish(ProbeVerdict.Condition, Findings?)
  }

  private enum Phase {
    case connecting
    /// Asks a question of a row of the table.
    case asking(row: Int, question: Int)
    case listing(Listing)
  }

  /// Asks for the models as one row of the table has them.
  private struct Listing {
    let fingerprint: Fingerprint
    /// Its place in the table; nil where an earlier check found it.
    let row: Int?
    let version: String?
    var list = 0
  }

  /// The remark on a server that answers nobody without one.
  static let needsKey = "needs a key"
  /// With this many answers over the limit the check ends.
  private static let maximumOversized = 2

  private let paths: ProbePaths
  private let claim: BackendType
  private let known: Findings?
  private let rows: [Fingerprint]
  private var phase: Phase
  private var hasRefused = false
  private var oversized = 0

  /// `known`: what an earlier check found, where that still holds; `likely`: the type that it found, which
  /// is to be seen again, with its version.
  init(paths: ProbePaths, claim: BackendType, known: Findings?, likely: BackendType? = nil) {
    self.paths = paths
    self.claim = claim
    self.known = known
    rows = Fingerprint.rows(first: claim, likely: likely)
    if claim == .lmserv {
      phase = .connecting
    } else if let known {
      let fingerprint = Fingerprint.row(of: known.type ?? claim)
      phase = .listing(Listing(fingerprint: fingerprint, row: nil, version: known.version))
    } else {
      phase = .asking(row: 0, question: 0)
    }
  }

  /// The first question.
  mutating func begin() -> Step {
    switch phase {
    case .connecting: .ask(.connect)
    case .asking(let row, _): tryRow(row)
    case .listing(let listing): ask(for: listing)
    }
  }

  /// What follows from the answer to the last question.
  mutating func next(after answer: Answer) -> Step {
    defer { hasRefused = hasRefused || answer.isRefusal }
    if let reason = answer.notReadyReason { return .finish(.notReady(reason), known) }
    if case .tooLarge = answer.content {
      oversized += 1
      guard oversized < Self.maximumOversized else { return tooLarge }
    }
    switch phase {
    case .connecting: return .finish(.well(remark: nil), Findings())
    case .asking(let row, let question): return read(answer, to: question, of: row)
    case .listing(let listing): return read(answer, to: listing)
    }
  }

  // MARK: - Fingerprints

  /// Begins with a row's first question, or with its models where it has none.
  private mutating func tryRow(_ row: Int) -> Step {
    guard let question = rows[row].questions.first else { return match(row, version: nil) }
    phase = .asking(row: row, question: 0)
    return .ask(.get(path: question.path.text(in: paths)))
  }

  private mutating func match(_ row: Int, version: String?) -> Step {
    ask(for: Listing(fingerprint: rows[row], row: row, version: version))
  }

  private mutating func read(_ answer: Answer, to question: Int, of row: Int) -> Step {
    let questions = rows[row].questions
    switch questions[question].read(answer, hasRefused) {
    case .match(let version): return match(row, version: version)
    case .undecided where question + 1 < questions.count:
      phase = .asking(row: row, question: question + 1)
      return .ask(.get(path: questions[question + 1].path.text(in: paths)))
    // The last row has no questions, so there is a next one.
    case .undecided, .mismatch: return tryRow(row + 1)
    }
  }

  // MARK: - Models

  private mutating func ask(for listing: Listing) -> Step {
    phase = .listing(listing)
    let path = listing.fingerprint.models[listing.list].path
    return .ask(.get(path: path.text(in: paths)))
  }

  private mutating func read(_ answer: Answer, to listing: Listing) -> Step {
    if answer.isRefusal { return .finish(.well(remark: Self.needsKey), findings(of: listing)) }
    if let failure = answer.failure { return .finish(.failed(failure), nil) }
    if case .tooLarge = answer.content { return tooLarge }
    let format = listing.fingerprint.models[listing.list].format
    if let list = answer.json.flatMap({ ModelList($0, format: format) }) {
      return accept(list, to: listing)
    }
    if listing.list + 1 < listing.fingerprint.models.count {
      var next = listing
      next.list += 1
      return ask(for: next)
    }
    return miss(answer, to: listing)
  }

  private mutating func accept(_ list: ModelList, to listing: Listing) -> Step {
    var findings = findings(of: listing)
    if !listing.fingerprint.isConclusive, let owner = list.owner, owner != findings.type {
      // Behind a proxy that hides the rest, the owner of the models still tells.
      guard listing.row != nil else { return tryRow(0) }
      findings = Findings(type: owner)
    } else if findings.type == nil {
      guard listing.row != nil else { return tryRow(0) }
      findings.type = listing.fingerprint.type
    }
    findings.models = list.names
    return .finish(.well(remark: nil), findings)
  }

  /// Where the models should be is no list of them.
  private mutating func miss(_ answer: Answer, to listing: Listing) -> Step {
    guard let row = listing.row else {
      // It was something else before, or there is nothing else to ask.
      return known?.type == nil ? finishUnlike() : tryRow(0)
    }
    let isLast = row == rows.count - 1
    if case .other(let fault) = answer.content, !isLast || claim != .unknown {
      return .finish(.failed(fault.description), nil)
    }
    if listing.fingerprint.isConclusive {
      return .finish(.well(remark: nil), findings(of: listing))
    }
    return isLast ? finishUnlike() : tryRow(row + 1)
  }

  /// What is known without the models.
  private func findings(of listing: Listing) -> Findings {
    if listing.row == nil { return Findings(type: known?.type, version: known?.version) }
    // The last row has asked for nothing but the models.
    guard !listing.fingerprint.questions.isEmpty else { return Findings() }
    return Findings(type: listing.fingerprint.type, version: listing.version)
  }

  // MARK: - Ends

  private var tooLarge: Step { .finish(.failed(ProbeError.bodyTooLarge.description), nil) }

  /// It answers, but as none of the table: alive, and what it is remains what is said of it.
  private func finishUnlike() -> Step {
    let remark =
      claim == .unknown
      ? "answers, but as no known kind of server"
      : "answers, but not as \(claim.rawValue) does"
    return .finish(.well(remark: remark), Findings())
  }
}
