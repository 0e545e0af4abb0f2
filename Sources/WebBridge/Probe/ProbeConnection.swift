import CWebSockets
import DiscoveryCore

/// One probe at work: its socket, TLS where there is any, and its exchange.
final class ProbeConnection {
  /// What it waits for at its socket.
  struct Interest: OptionSet {
    let rawValue: UInt32

    static let input = Interest(rawValue: EPOLLIN.rawValue)
    static let output = Interest(rawValue: EPOLLOUT.rawValue)
  }

  private enum Phase {
    case connecting
    case securing(TLSSession)
    case asking(TLSSession?)
  }

  let call: ProbeCall
  let socket: ProbeSocket
  /// What the loop knows that it waits for.
  var interest: Interest = [.input, .output]
  private var exchange: ProbeExchange
  private var phase = Phase.connecting
  /// What the kernel has not taken yet.
  private var output: ArraySlice<UInt8> = []
  private let userAgent: String

  /// Starts to connect.
  init(_ call: ProbeCall, as userAgent: String, at now: Uptime) throws(ProbeError) {
    self.call = call
    self.userAgent = userAgent
    let request = call.request
    exchange = ProbeExchange(request, at: now)
    socket = try ProbeSocket(connectingTo: request.address, port: request.port)
  }

  var deadline: Uptime { exchange.deadline }

  /// What it has to wait for next.
  var wanted: Interest {
    if case .connecting = phase { return .output }
    return output.isEmpty ? .input : [.input, .output]
  }

  /// Does what can be done now that the socket has an event; nil while the outcome is not known.
  func proceed(with trust: TLSTrust, scratch: Scratch, at now: Uptime) -> ProbeExchange.Outcome? {
    do throws(ProbeError) {
      if case .connecting = phase {
        let code = socket.connectResult()
        guard code == 0 else { throw .system(code) }
        if let outcome = try connected(trust, at: now) { return outcome }
      }
      try flush()
      // A bound, so that one server that says much does not keep the others waiting.
      for _ in 0..<2 {
        switch socket.receive(into: scratch.received) {
        case .blocked: return nil
        case .failed(let code): throw .system(code)
        case .count(let count):
          if let outcome = try take(count, scratch, at: now) {
            sayGoodbye()
            return outcome
          }
          try flush()
        }
      }
      return nil
    } catch {
      return .failure(error)
    }
  }

  private func connected(_ trust: TLSTrust, at now: Uptime) throws(ProbeError)
    -> ProbeExchange.Outcome?
  {
    let request = exchange.request
    if case .connect = request.question { return exchange.connected(at: now) }
    switch request.scheme {
    case .http: try ask(over: nil)
    case .https:
      let session = try trust.session(to: request.serverName, as: request.access)
      phase = .securing(session)
      try session.shakeHands()
    }
    return nil
  }

  private func ask(over session: TLSSession?) throws(ProbeError) {
    phase = .asking(session)
    guard case .get(let path) = exchange.request.question else { return }
    let bytes = try exchange.ask(for: path, as: userAgent)
    if let session { try session.write(bytes) } else { output += bytes }
  }

  /// Takes what was received; no bytes are the connection's end.
  private func take(_ count: Int, _ scratch: Scratch, at now: Uptime) throws(ProbeError)
    -> ProbeExchange.Outcome?
  {
    let bytes = UnsafeRawBufferPointer(rebasing: scratch.received[..<count])
    let session: TLSSession
    switch phase {
    case .connecting: return nil
    case .asking(nil):
      return bytes.isEmpty ? exchange.end(at: now) : exchange.receive(bytes, at: now)
    case .asking(let secure?): session = secure
    case .securing(let secure):
      guard !bytes.isEmpty else { throw .tls("connection closed during the handshake") }
      try secure.receive(bytes)
      do throws(ProbeError) {
        try secure.shakeHands()
      } catch {
        // The server is told why.
        try? flush()
        throw error
      }
      guard secure.isEstablished else { return nil }
      try ask(over: secure)
      return try readAll(from: secure, scratch, at: now)
    }
    // Without the session's own end anyone may have cut the answer short (RFC 9112 §9.8).
    guard !bytes.isEmpty else { throw .closed }
    try session.receive(bytes)
    return try readAll(from: session, scratch, at: now)
  }

  private func readAll(from session: TLSSession, _ scratch: Scratch, at now: Uptime)
    throws(ProbeError) -> ProbeExchange.Outcome?
  {
    while true {
      switch try session.read(into: scratch.decrypted) {
      case .blocked: return nil
      case .ended: return exchange.end(at: now)
      case .count(let count):
        let bytes = UnsafeRawBufferPointer(rebasing: scratch.decrypted[..<count])
        if let outcome = exchange.receive(bytes, at: now) { return outcome }
      }
    }
  }

  /// Sends what the kernel takes of what waits.
  private func flush() throws(ProbeError) {
    switch phase {
    case .connecting: return
    case .securing(let session), .asking(let session?): output += session.takeOutput()
    case .asking(nil): break
    }
    while !output.isEmpty {
      switch socket.send(output) {
      case .count(let count): output = output.dropFirst(count)
      case .blocked: return
      case .failed:
        // A server that refuses before it has read all still has its answer read; else reading
        // tells what is wrong.
        output = []
      }
    }
    output = []
  }

  private func sayGoodbye() {
    guard case .asking(let session?) = phase else { return }
    session.end()
    try? flush()
  }
}

/// Room for what is received, shared by all probes of a thread.
final class Scratch {
  let received = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
  let decrypted = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)

  deinit {
    received.deallocate()
    decrypted.deallocate()
  }
}
