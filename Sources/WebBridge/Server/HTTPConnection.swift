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

    package init() {}
  }

  package enum Effect: Hashable, Sendable {
    case refresh
    case startedWatching
  }

  private enum Phase {
    case requests
    /// Sends events; the revision that the client has, nil before the first snapshot.
    case events(after: UInt64?)
    /// Sends what waits; then no more.
    case last
    /// Said all, and waits until the client knows: closed at once, it might lose the answer.
    case lingering
    case over
  }

  private let limits: Limits
  private var phase = Phase.requests
  private var parser: RequestParser
  private var output: [OutputSegment] = []
  /// How much of the first segment is sent.
  private var offset = 0
  /// When the present state began: of waiting for a request, of reading it, of sending.
  private var since: Uptime
  private var hasAnswered = false

  package init(limits: Limits, at now: Moment) {
    self.limits = limits
    parser = RequestParser(limits: limits.parser)
    since = now.uptime
  }

  /// True while it sends events.
  package var isWatching: Bool {
    if case .events = phase { true } else { false }
  }

  package var hasOutput: Bool { !output.isEmpty }

  /// True when nothing more will be said and the client should be told so.
  package var isFinished: Bool {
    if case .last = phase { output.isEmpty } else { false }
  }

  package var isOver: Bool {
    if case .over = phase { true } else { false }
  }

  // MARK: - Input

  /// Takes what was received.
  package mutating func receive(_ bytes: some Collection<UInt8>, at now: Moment) {
    guard case .requests = phase else { return }
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
        respond(.error(refusal.status, refusal.message), to: nil, date: model.date(at: now))
      case .request(let request):
        let answer = Router.answer(request, from: model, at: now)
        respond(answer.response, to: request, date: model.date(at: now))
        switch answer.effect {
        case .refresh: effects.append(.refresh)
        case .watch(let revision):
          phase = .events(after: revision)
          parser.removeAll()
          effects.append(.startedWatching)
        case nil: break
        }
      }
      if before == 0 { since = now.uptime }
      pending += output[before...].reduce(0) { $0 + $1.bytes.count }
    }
    return effects
  }

  /// Puts an answer into the output; `request` is nil when there is none to speak of.
  private mutating func respond(_ response: HTTPResponse, to request: HTTPRequest?, date: String) {
    var keeps = request?.keepsConnection ?? false
    if case .stream = response.body { keeps = false }
    let head = response.head(
      date: date, keepsConnection: keeps,
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
  package mutating func take(into buffer: UnsafeMutableRawBufferPointer, from model: ReadModel)
    -> Int
  {
    var taken = 0
    while taken < buffer.count {
      if output.isEmpty {
        guard case .events(var revision) = phase, let next = model.nextEvent(after: &revision)
        else { break }
        phase = .events(after: revision)
        output = next
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

  /// The client took what was sent.
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
    case .lingering, .last: return since.advanced(by: limits.linger)
    case .requests:
      let isIdle = hasAnswered && !parser.isMidRequest
      return since.advanced(by: isIdle ? limits.idle : limits.request)
    }
  }

  /// It waited long enough: half a request gets an answer, all else just ends.
  package mutating func expire(_ model: ReadModel, at now: Moment, isBlocked: Bool) {
    guard case .requests = phase, !hasOutput, !isBlocked, parser.isMidRequest else {
      phase = .over
      output = []
      return
    }
    parser.removeAll()
    respond(
      .error(.requestTimeout, "the request did not come whole in time"), to: nil,
      date: model.date(at: now))
    since = now.uptime
  }

  /// All is said and sent: now only the client's own end is waited for.
  package mutating func startLingering(at now: Moment) {
    phase = .lingering
    since = now.uptime
  }
}
