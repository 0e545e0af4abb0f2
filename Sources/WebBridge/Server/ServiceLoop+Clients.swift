import CWebSockets
import DiscoveryCore
import Glibc

extension ServiceLoop {
  /// Accepts what waits at a listener.
  func acceptConnections(from listener: OpaquePointer) {
    let now = setup.clock.now()
    // A bound, so that a storm of them does not keep the others waiting.
    for _ in 0..<64 {
      guard let connection = accept(listener) else {
        switch errno {
        case EINTR, ECONNABORTED: continue
        case EAGAIN: return
        default:
          // No descriptors or memory: waiting for the next connection would be waiting busily.
          setup.onError("accept: \(String(cString: strerror(errno)))")
          lws_rx_flow_control(listener, 0)
          pausedListeners.append(listener)
          // What is missing may come back without a connection's end.
          setAlarm(now.uptime.advanced(by: setup.limits.acceptPause), at: now)
          return
        }
      }
      guard makePlace(for: connection.peer) else {
        refuse(connection.descriptor, at: now)
        continue
      }
      add(connection, at: now)
    }
  }

  /// accept(2).
  private func accept(_ listener: OpaquePointer) -> AcceptedConnection? {
    if let code = setup.fault(.accept) {
      errno = code
      return nil
    }
    return AcceptedConnection(from: lws_get_socket_fd(listener), rule: setup.changeRule)
  }

  private func add(_ connection: AcceptedConnection, at now: Moment) {
    let descriptor = connection.descriptor
    guard let socket = ServiceCallbacks.adopt(connection: descriptor, by: host) else { return }
    accepted += 1
    let share = shares[connection.peer] ?? PeerShare(connection.peer)
    shares[connection.peer] = share
    share.connections += 1
    let client = Client(
      socket, descriptor: descriptor,
      HTTPConnection(
        limits: setup.limits.connection, by: connection.requester,
        checksHost: connection.checksHost, at: now),
      share: share, number: accepted)
    clients[descriptor] = client
    // Not owned: `clients` keeps it until the library closes the connection.
    lws_set_opaque_user_data(socket, Unmanaged.passUnretained(client).toOpaque())
    watchTime(of: client, at: now)
  }

  /// Accepts connections again.
  func resumeListeners() {
    for listener in pausedListeners { lws_rx_flow_control(listener, 1) }
    pausedListeners = []
  }

  /// One answer, if the socket takes it at once, and the end.
  private func refuse(_ descriptor: Int32, at now: Moment) {
    let response = HTTPResponse.error(
      .serviceUnavailable, code: "too_many_connections",
      "all places for connections are taken")
    model.countAnswer(response.status)
    let bytes =
      response.head(date: model.date(at: now), keepsConnection: false, isVersion10: false)
      + response.body.bytes
    _ = Glibc.send(
      descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
    close(descriptor)
  }

  /// Takes what came in.
  func receive(_ bytes: UnsafeRawBufferPointer, from client: Client) {
    client.connection.receive(bytes, at: setup.clock.now())
  }

  /// Answers what can be answered and sends what can be sent; false when the connection is to be
  /// closed.
  func serve(_ client: Client) -> Bool {
    let now = setup.clock.now()
    repeat {
      for effect in client.connection.advance(model, at: now) {
        switch effect {
        case .refresh: setup.onRefresh()
        case .order(let order): submit(order, of: client, at: now)
        case .startedWatching:
          watchers[client.descriptor] = client
          model.addReader()
        }
      }
      switch send(to: client, at: now) {
      case .failed: return false
      case .nothing:
        finish(client, at: now)
        setInput(of: client, client.connection.takesInput)
        watchTime(of: client, at: now)
        return !client.connection.isOver
      case .all: break
      case .blocked:
        setInput(of: client, false)
        lws_callback_on_writable(client.socket)
        watchTime(of: client, at: now)
        return true
      }
    } while true
  }

  private enum SendResult {
    /// There was nothing to send.
    case nothing
    /// What was there is with the kernel.
    case all
    /// The rest goes when the client has taken some.
    case blocked
    case failed
  }

  private func send(to client: Client, at now: Moment) -> SendResult {
    let room = UnsafeMutableRawBufferPointer(rebasing: scratch[Int(nexus_lws_pre)...])
    var result = SendResult.nothing
    // A bound, so that one client with a long answer does not keep the others waiting.
    for _ in 0..<8 {
      guard !isBlocked(client) else { return .blocked }
      let count = client.connection.take(into: room, from: model)
      guard count > 0 else { return result }
      guard let start = room.bindMemory(to: UInt8.self).baseAddress,
        nexus_lws_write(client.socket, start, count) >= 0
      else { return .failed }
      // Also when the kernel took but a part: what it has waited for until now is over.
      client.connection.progressed(at: now)
      if isBlocked(client) { return .blocked }
      result = .all
      if count == room.count, lws_send_pipe_choked(client.socket) != 0 { return .blocked }
      if count < room.count { return result }
    }
    return .blocked
  }

  /// Tells the client that nothing follows, once all is sent.
  private func finish(_ client: Client, at now: Moment) {
    guard client.connection.isFinished else { return }
    shutdown(client.descriptor, Int32(SHUT_WR))
    client.connection.startLingering(at: now)
  }

  /// While output waits, input stays in the kernel: else the library would wake for it again and
  /// again without taking it, and the output could grow without bound.
  private func setInput(of client: Client, _ takesInput: Bool) {
    guard client.takesInput != takesInput else { return }
    client.takesInput = takesInput
    lws_rx_flow_control(client.socket, takesInput ? 1 : 0)
  }

  /// The library closed it.
  func forget(_ client: Client) {
    lws_set_opaque_user_data(client.socket, nil)
    clients[client.descriptor] = nil
    if !client.isLeaving { release(client.share) }
    let now = setup.clock.now()
    if watchers.removeValue(forKey: client.descriptor) != nil { model.removeReader(at: now) }
    resumeListeners()
    if clients.isEmpty { beginQuiet(at: now) }
    cancelAlarmIfIdle()
  }
}
