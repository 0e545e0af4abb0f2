import DiscoveryCore

/// Bytes that wait to be sent.
package struct OutputSegment: Sendable {
  package let bytes: [UInt8]
  /// Keeps bytes that others send too from being made again meanwhile.
  private let owner: SharedBytes?

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    owner = nil
  }

  package init(_ shared: SharedBytes) {
    bytes = shared.bytes
    owner = shared
  }
}

/// One connection: which requests came, what waits to be sent, what it waits for. It does no I/O.
package struct HTTPConnection {
  /// How long a connection may take.
  package struct Limits: Hashable, Sendable {
    package var parser = RequestParser.Limits()
    /// For a whole request from its first byte, the first one from the connection's start.
    package var request: Duration = .seconds(10)
    /// Between requests.
    package var idle: Duration = .seconds(60)
    /// Without the client taking any of what waits for it.
    package var write: Duration = .seconds(30)
    /// For the client to take in a last answer, once it was sent.
    package var linger: Duration = .seconds(2)
    /// For an answer that others have to give.
    package var answer: Duration = .seconds(5)

    package init() {}
  }

  package enum Effect: Hashable, Sendable {
    case refresh
    case startedWatching
    /// `answer` is to be called with what comes of it.
    case order(APIOrder)
  }

  private enum Phase {
    case requests
    /// Waits for the answer that others give; what is answered if they do not.
    case waiting(HTTPRequest, instead: HTTPResponse)
    /// Sends events; the revision that the client has, nil before the first snapshot.
    case events(after: UInt64?)
    /// Sends what waits; then no more.
    case last
    /// Said all, and waits until the client knows: closed at once, it might lose the answer.
    case lingering
    case over
  }

  private let limits: Limits
  private let requester: Requester
  private let checksHost: Bool
  private var phase = Phase.requests
  private var parser: RequestParser
  private var output: [OutputSegment] = []
  /// How much of the first segment is sent.
  private var offset = 0
  /// When the present state began: of waiting for a request, of reading it, of sending.
  private var since: Uptime
  private var hasAnswered = false

  /// With `checksHost`, requests must name this machine as it names itself: see `LoopbackHost`.
  package init(
    limits: Limits, by requester: Requester, checksHost: Bool = false, at now: Moment
  ) {
    var limits = limits
    // Who may change nothing has nothing to say in a body, and should not have many kept for it.
    if !requester.mayChangeState {
      limits.parser.body = min(limits.parser.body, limits.parser.head)
    }
    self.limits = limits
    self.requester = requester
    self.checksHost = checksHost
    parser = RequestParser(limits: limits.parser)
    since = now.uptime
  }

  /// True while it sends events.
  package var isWatching: Bool {
    if case .events = phase { true } else { false }
  }

  /// False while a request is being decided on: those behind it wait in the kernel.
  package var takesInput: Bool {
    if case .waiting = phase { false } else { true }
  }

  package var hasOutput: Bool { !output.isEmpty }

  /// True when nothing more will be said and the client should be told so.
  package var isFinished: Bool {
    if case .last = phase { output.isEmpty } else { false }
  }

  package var isOver: Bool {
    if case .over = phase { true } else { false }
  }

  /// Since when it has waited for a request, or the rest of one, or for its end; nil while there is
  /// something to send, to watch or to decide.
  package var waitingSince: Uptime? {
    switch phase {
    case .requests, .last, .lingering, .over: hasOutput ? nil : since
    case .events, .waiting: nil
    }
  }

  // MARK: - Input

  /// Takes what was received.
  package mutating func receive(_ bytes: some Collection<UInt8>, at now: Moment) {
    switch phase {
    case .requests: break
    case .waiting:
      parser.append(bytes)
      return
    case .events, .last, .lingering, .over: return
    }
    if !parser.isMidRequest, output.isEmpty, hasAnswered { since = now.uptime }
    parser.append(bytes)
  }

  /// Answers requests that are there, until the output is worth sending.
  package mutating func advance(_ model: ReadModel, at now: Moment) -> [Effect] {
    var effects: [Effect] = []
    var pending = output.reduce(0) { $0 + $1.bytes.count }
    while case .requests = phase, pending < 32 * 1024 {
      let before = output.count
      switch parser.next() {
      case .incomplete: return effects
      case .expectsContinue:
        output.append(OutputSegment(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)))
      case .refused(let refusal):
        respond(.error(refusal.status, refusal.message), to: nil, from: model, at: now)
      case .request(let request) where checksHost && !LoopbackHost.matches(request.host ?? ""):
        respond(.hostRefused, to: request, from: model, at: now)
      case .request(let request):
        let answer = Router.answer(request, by: requester, from: model, at: now)
        if case .order(let order) = answer.effect {
          phase = .waiting(request, instead: answer.response)
          if before == 0 { since = now.uptime }
          effects.append(.order(order))
          break
        }
        respond(answer.response, to: request, from: model, at: now)
        switch answer.effect {
        case .refresh: effects.append(.refresh)
        case .watch(let revision):
          phase = .events(after: revision)
          parser.removeAll()
          effects.append(.startedWatching)
        case .order, nil: break
        }
      }
      if before == 0 { since = now.uptime }
      pending += output[before...].reduce(0) { $0 + $1.bytes.count }
    }
    return effects
  }

  /// Gives the answer that a request waits for; nothing where none does any more.
  package mutating func answer(_ response: HTTPResponse, _ model: ReadModel, at now: Moment) {
    guard case .waiting(let request, _) = phase else { return }
    phase = .requests
    if output.isEmpty { since = now.uptime }
    respond(response, to: request, from: model, at: now)
  }

  /// Puts an answer into the output; `request` is nil when there is none to speak of.
  private mutating func respond(
    _ response: HTTPResponse, to request: HTTPRequest?, from model: ReadModel, at now: Moment
  ) {
    model.countAnswer(response.status)
    var keeps = request?.keepsConnection ?? false
    if case .stream = response.body { keeps = false }
    let head = response.head(
      date: model.date(at: now), keepsConnection: keeps,
      isVersion10: request?.isVersion10 ?? false)
    output.append(OutputSegment(head))
    if request?.method != "HEAD" {
      switch response.body {
      case .bytes(let bytes): if !bytes.isEmpty { output.append(OutputSegment(bytes)) }
      case .shared(let shared): output.append(OutputSegment(shared))
      case .stream: break
      }
    }
    hasAnswered = true
    if !keeps { phase = .last }
  }

  // MARK: - Output

  /// Copies what is next to send into `buffer`; how many bytes. They count as sent.
  ///
  /// A reader of events is over when it needs a snapshot that there is no room for.
  package mutating func take(into buffer: UnsafeMutableRawBufferPointer, from model: ReadModel)
    -> Int
  {
    var taken = 0
    filling: while taken < buffer.count {
      if output.isEmpty {
        guard case .events(var revision) = phase else { break }
        switch model.nextEvent(after: &revision) {
        case .event(let next):
          phase = .events(after: revision)
          output = next
        case .upToDate: break filling
        case .noRoom:
          phase = .over
          break filling
        }
      }
      let bytes = output[0].bytes
      let count = min(bytes.count - offset, buffer.count - taken)
      bytes.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(rebasing: buffer[taken...])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + count]))
      }
      taken += count
      offset += count
      if offset == bytes.count {
        output.removeFirst()
        offset = 0
      }
    }
    return taken
  }

  /// Something was sent: from here on it is waited for that the client takes it.
  package mutating func progressed(at now: Moment) {
    since = now.uptime
  }

  /// A sign of life for a client that nothing else waits for.
  package mutating func beat(at now: Moment) {
    guard isWatching, output.isEmpty else { return }
    output.append(OutputSegment(Array(":\n\n".utf8)))
    since = now.uptime
  }

  // MARK: - Time

  /// When it has waited long enough; nil while it may go on for ever. `isBlocked`: something that
  /// was sent is still on its way.
  package func deadline(isBlocked: Bool) -> Uptime? {
    if hasOutput || isBlocked { return since.advanced(by: limits.write) }
    switch phase {
    case .events, .over: return nil
    case .waiting: return since.advanced(by: limits.answer)
    case .lingering, .last: return since.advanced(by: limits.linger)
    case .requests:
      let isIdle = hasAnswered && !parser.isMidRequest
      return since.advanced(by: isIdle ? limits.idle : limits.request)
    }
  }

  /// It waited long enough: half a request gets an answer, all else just ends.
  package mutating func expire(_ model: ReadModel, at now: Moment, isBlocked: Bool) {
    if case .waiting(_, let instead) = phase, !hasOutput, !isBlocked {
      answer(instead, model, at: now)
      return
    }
    guard case .requests = phase, !hasOutput, !isBlocked, parser.isMidRequest else {
      phase = .over
      output = []
      return
    }
    parser.removeAll()
    respond(
      .error(.requestTimeout, "the request did not come whole in time"), to: nil,
      from: model, at: now)
    since = now.uptime
  }

  /// All is said and sent: now only the client's own end is waited for.
  package mutating func startLingering(at now: Moment) {
    phase = .lingering
    since = now.uptime
  }
}
