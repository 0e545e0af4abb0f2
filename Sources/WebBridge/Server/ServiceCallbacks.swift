import CWebSockets

/// What the library calls; each call goes to the `ServiceLoop` of its context.
enum ServiceCallbacks {
  /// Static names, as the library keeps pointers to them.
  private static let connectionName: StaticString = "connection"
  private static let listenerName: StaticString = "listener"
  private static let probesName: StaticString = "probes"

  /// The three kinds of descriptor in the event loop, and the terminator; the caller frees them after
  /// the context.
  static func makeProtocols(chunk: Int) -> UnsafeMutablePointer<lws_protocols> {
    let protocols = UnsafeMutablePointer<lws_protocols>.allocate(capacity: 4)
    protocols.initialize(repeating: lws_protocols(), count: 4)
    protocols[0].name = pointer(to: connectionName)
    protocols[0].callback = { socket, reason, _, input, length in
      ServiceCallbacks.connectionEvent(socket, reason, input, length)
    }
    // Else the library would send less at once and keep a copy of the rest.
    protocols[0].tx_packet_size = chunk
    protocols[1].name = pointer(to: listenerName)
    protocols[1].callback = { socket, reason, _, _, _ in
      guard reason == LWS_CALLBACK_RAW_RX_FILE, let socket else { return 0 }
      ServiceCallbacks.loop(of: socket)?.acceptConnections(from: socket)
      return 0
    }
    protocols[2].name = pointer(to: probesName)
    protocols[2].callback = { socket, reason, _, _, _ in
      guard reason == LWS_CALLBACK_RAW_RX_FILE, let socket else { return 0 }
      ServiceCallbacks.loop(of: socket)?.serveProbes()
      return 0
    }
    return protocols
  }

  /// Puts `descriptor` into the event loop as a listener; the library owns it then.
  static func adopt(listener descriptor: Int32, by host: OpaquePointer) -> OpaquePointer? {
    adopt(file: descriptor, as: listenerName, by: host)
  }

  /// Puts the probes' event queue into the event loop; the library owns it then.
  static func adopt(probes descriptor: Int32, by host: OpaquePointer) -> OpaquePointer? {
    adopt(file: descriptor, as: probesName, by: host)
  }

  /// A descriptor that is only told of, and not read from.
  private static func adopt(file descriptor: Int32, as name: StaticString, by host: OpaquePointer)
    -> OpaquePointer?
  {
    var handle = lws_sock_file_fd_type()
    handle.filefd = descriptor
    return lws_adopt_descriptor_vhost(
      host, LWS_ADOPT_RAW_FILE_DESC, handle, pointer(to: name), nil)
  }

  /// Puts `descriptor` into the event loop as a connection; the library owns it then, and closes it
  /// when it refuses it.
  static func adopt(connection descriptor: Int32, by host: OpaquePointer) -> OpaquePointer? {
    var handle = lws_sock_file_fd_type()
    handle.sockfd = descriptor
    return lws_adopt_descriptor_vhost(
      host, LWS_ADOPT_SOCKET, handle, pointer(to: connectionName), nil)
  }

  private static func pointer(to name: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  /// The loop that runs `socket`; nil before it is complete.
  private static func loop(of socket: OpaquePointer) -> ServiceLoop? {
    guard let user = lws_context_user(lws_get_context(socket)),
      let loop = user.load(as: UnsafeMutableRawPointer?.self)
    else { return nil }
    return Unmanaged<ServiceLoop>.fromOpaque(loop).takeUnretainedValue()
  }

  private static func connectionEvent(
    _ socket: OpaquePointer?, _ reason: lws_callback_reasons, _ input: UnsafeMutableRawPointer?,
    _ length: Int
  ) -> Int32 {
    guard let socket else { return 0 }
    switch reason {
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
      loop(of: socket)?.takeInbox()
    case LWS_CALLBACK_RAW_RX, LWS_CALLBACK_RAW_WRITEABLE, LWS_CALLBACK_RAW_CLOSE:
      // Set at adoption, and kept alive by the loop until the close.
      guard let pointer = lws_get_opaque_user_data(socket), let loop = loop(of: socket) else {
        return 0
      }
      let client = Unmanaged<ServiceLoop.Client>.fromOpaque(pointer).takeUnretainedValue()
      if reason == LWS_CALLBACK_RAW_CLOSE {
        loop.forget(client)
        return 0
      }
      if reason == LWS_CALLBACK_RAW_RX, let input {
        loop.receive(UnsafeRawBufferPointer(start: input, count: length), from: client)
      }
      return loop.serve(client) ? 0 : -1
    default: break
    }
    return 0
  }
}
