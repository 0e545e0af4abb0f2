import CWebSockets
import DiscoveryCore
import Glibc

/// The server's thread: the library's event loop, the connections in it and what they read.
///
/// The library waits, receives, sends and times; HTTP is `HTTPConnection`'s. All but `init`, `listen`
/// and a `destroy` without `run` happens on the thread that calls `run`.
final class ServiceLoop {
  /// A connection and the library's name for it, which is valid until the library closes it.
  final class Client {
    let socket: OpaquePointer
    let descriptor: Int32
    var connection: HTTPConnection
    let share: PeerShare
    /// Which it was, counted from the first connection.
    let number: UInt64
    /// True once it has given way to another, and only waits for the library to close it.
    var isLeaving = false
    /// False while its input stays in the kernel, because output or an order waits.
    var takesInput = true
    /// The number of its last order.
    var ticket: UInt64?

    init(
      _ socket: OpaquePointer, descriptor: Int32, _ connection: HTTPConnection, share: PeerShare,
      number: UInt64
    ) {
      self.socket = socket
      self.descriptor = descriptor
      self.connection = connection
      self.share = share
      self.number = number
    }
  }

  /// The places that one peer holds.
  final class PeerShare {
    let peer: Peer
    var connections = 0

    init(_ peer: Peer) {
      self.peer = peer
    }
  }

  /// Bytes given to the library at once: what a socket that reports itself writable takes.
  static let chunk = 16 * 1024

  let setup: WebServer.Setup
  let model: ReadModel
  /// By descriptor.
  var clients: [Int32: Client] = [:]
  var watchers: [Int32: Client] = [:]
  /// Of each peer that is connected.
  var shares: [Peer: PeerShare] = [:]
  /// How many connections were accepted.
  var accepted: UInt64 = 0
  /// Room for a chunk, with what the library wants to be free in front of it.
  let scratch: UnsafeMutableRawBufferPointer
  /// The library's virtual host, which everything in the event loop belongs to.
  let host: OpaquePointer
  /// Listeners that wait until there are descriptors again.
  var pausedListeners: [OpaquePointer] = []
  /// The number of the last order.
  var lastTicket: UInt64 = 0
  /// What came of orders and is not known here yet.
  var replies: [APIOrder.Reply] = []
  /// nil before `openProbes`.
  var probes: ProbePool?

  private let inbox: ServerInbox
  private let context: OpaquePointer
  private let protocols: UnsafeMutablePointer<lws_protocols>
  /// Where the library's callbacks find this object; the context's user pointer.
  private let link: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let timer: UnsafeMutablePointer<nexus_lws_timer>
  /// When the timer fires; nil while it is off.
  private var alarm: Uptime?
  /// When watchers get their next sign of life; nil without watchers.
  private var nextBeat: Uptime?
  /// When what was made for clients is forgotten, if none has come; nil when that is done.
  private var quietEnds: Uptime?
  private var isStopping = false

  init(_ setup: WebServer.Setup, inbox: ServerInbox) throws(WebServerError) {
    // All four are the library's to use until the context is destroyed, and freed in `deinit`.
    let protocols = ServiceCallbacks.makeProtocols(chunk: Self.chunk)
    let link = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 1)
    link.initialize(to: nil)
    timer = .allocate(capacity: 1)
    timer.initialize(to: nexus_lws_timer())
    scratch = .allocate(byteCount: Int(nexus_lws_pre) + Self.chunk, alignment: 16)

    var info = lws_context_creation_info()
    info.port = CONTEXT_PORT_NO_LISTEN
    info.options = UInt64(LWS_SERVER_OPTION_EXPLICIT_VHOSTS)
    info.user = UnsafeMutableRawPointer(link)
    info.protocols = UnsafePointer(protocols)
    var setup = setup
    let context = DescriptorLimit.apply(&setup.limits) { lws_create_context(&info) }
    guard let context, let host = lws_create_vhost(context, &info) else {
      if let context { lws_context_destroy(context) }
      protocols.deallocate()
      link.deallocate()
      timer.deallocate()
      scratch.deallocate()
      throw .library(operation: "start", text: LibraryLog.takeLast() ?? "no reason given")
    }
    nexus_lws_drop_housekeeping(context)
    self.setup = setup
    self.inbox = inbox
    self.protocols = protocols
    self.link = link
    self.context = context
    self.host = host
    model = ReadModel(
      identity: setup.identity, ring: setup.limits.events, counters: setup.counters)
    // Not owned: the context is destroyed before this object is freed.
    link.pointee = Unmanaged.passUnretained(self).toOpaque()
    timer.pointee.owner = link.pointee
    model.connections = { [unowned self] in clients.count }
    inbox.open(context)
  }

  deinit {
    protocols.deallocate()
    link.deallocate()
    timer.deallocate()
    scratch.deallocate()
  }

  /// Accepts connections from `descriptor`, which it owns from here on.
  func listen(_ descriptor: Int32) throws(WebServerError) {
    guard ServiceCallbacks.adopt(listener: descriptor, by: host) != nil else {
      close(descriptor)
      throw .library(operation: "listen", text: LibraryLog.takeLast() ?? "no reason given")
    }
  }

  /// Serves until the inbox says to stop, or the library's loop fails.
  func run() {
    var hasFailed = false
    while !isStopping, !hasFailed {
      // Sleeps until there is something to do: 0 is no timeout in this library.
      hasFailed = setup.fault(.wait) != nil || lws_service(context, 0) < 0
    }
    let isOrdered = isStopping || inbox.isStopping
    destroy()
    if !isOrdered { setup.onEnd("the event loop failed") }
  }

  /// Closes everything; the object does nothing any more.
  func destroy() {
    isStopping = true
    inbox.close()
    probes?.removeAll()
    lws_sul_cancel(&timer.pointee.entry)
    lws_context_destroy(context)
    clients = [:]
    watchers = [:]
    shares = [:]
  }

  // MARK: - What others leave

  /// Takes what was published, and has it sent to those who watch.
  func takeInbox() {
    let contents = inbox.take()
    if contents.isStopping { isStopping = true }
    if let readiness = contents.readiness { model.readiness = readiness }
    if let announcements = contents.announcements { model.announcements = announcements }
    if !contents.probes.isEmpty { takeProbes(contents.probes) }
    guard !contents.updates.isEmpty || !contents.replies.isEmpty else { return }
    let now = setup.clock.now()
    for update in contents.updates { model.apply(update, at: now) }
    takeReplies(contents.replies, at: now)
    for client in watchers.values { lws_callback_on_writable(client.socket) }
  }

  // MARK: - Time

  /// Sees to it that `client`'s deadline is noticed, and its heartbeat if it watches.
  func watchTime(of client: Client, at now: Moment) {
    if client.connection.isWatching, nextBeat == nil {
      let beat = now.uptime.advanced(by: setup.limits.heartbeat)
      nextBeat = beat
      setAlarm(beat, at: now)
    }
    if let deadline = client.connection.deadline(isBlocked: isBlocked(client)) {
      setAlarm(deadline, at: now)
    }
  }

  /// True while the library still holds bytes that the kernel did not take.
  func isBlocked(_ client: Client) -> Bool {
    lws_partial_buffered(client.socket) != 0
  }

  /// One timer for all: it fires at the earliest deadline, or at one that has moved meanwhile.
  func setAlarm(_ deadline: Uptime, at now: Moment) {
    if let alarm, alarm <= deadline { return }
    alarm = deadline
    let microseconds = max(now.uptime.duration(to: deadline).wholeNanoseconds / 1000, 0) + 1000
    lws_sul_schedule(
      context, 0, &timer.pointee.entry,
      { entry in
        guard let owner = nexus_lws_timer_owner(entry) else { return }
        Unmanaged<ServiceLoop>.fromOpaque(owner).takeUnretainedValue().timeCame()
      }, microseconds)
  }

  /// Without connections, probes and paused listeners there is nothing to wake for, but that what was
  /// made for clients is forgotten.
  func cancelAlarmIfIdle() {
    guard clients.isEmpty, pausedListeners.isEmpty, probes?.isEmpty ?? true, alarm != nil
    else { return }
    lws_sul_cancel(&timer.pointee.entry)
    alarm = nil
    nextBeat = nil
    if let quietEnds, !isStopping { setAlarm(quietEnds, at: setup.clock.now()) }
  }

  /// The last client left.
  func beginQuiet(at now: Moment) {
    guard !isStopping else { return }
    let end = now.uptime.advanced(by: ReadModel.retention)
    quietEnds = end
    setAlarm(end, at: now)
  }

  /// Forgets what was made for clients when none has come for a while.
  private func endQuiet(at now: Moment) {
    guard let end = quietEnds else { return }
    guard clients.isEmpty else {
      quietEnds = nil
      return
    }
    guard end <= now.uptime else { return setAlarm(end, at: now) }
    quietEnds = nil
    model.forgetEncoded()
  }

  /// Has the library close it, as soon as it is back in its loop.
  func drop(_ client: Client) {
    lws_set_timeout(client.socket, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC)
  }

  private func timeCame() {
    alarm = nil
    let now = setup.clock.now()
    if watchers.isEmpty {
      nextBeat = nil
    } else if let beat = nextBeat, beat <= now.uptime {
      nextBeat = now.uptime.advanced(by: setup.limits.heartbeat)
      for client in watchers.values where !isBlocked(client) {
        client.connection.beat(at: now)
        lws_callback_on_writable(client.socket)
      }
    }
    resumeListeners()
    expireProbes(at: now)
    endQuiet(at: now)
    if let nextBeat { setAlarm(nextBeat, at: now) }
    for client in Array(clients.values) {
      let isBlocked = isBlocked(client)
      guard let deadline = client.connection.deadline(isBlocked: isBlocked) else { continue }
      guard deadline <= now.uptime else {
        setAlarm(deadline, at: now)
        continue
      }
      client.connection.expire(model, at: now, isBlocked: isBlocked)
      if client.connection.isOver || !serve(client) {
        drop(client)
      }
    }
  }
}
