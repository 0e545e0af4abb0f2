import APIModel
import CWebSockets
import DiscoveryCore
import Glibc
import Synchronization

/// The HTTP server: one thread, which sleeps until there is something to do.
///
/// What it answers from is published to it; no request leaves its thread.
package final class WebServer: Sendable {
  package struct Limits: Hashable, Sendable {
    package var connection = HTTPConnection.Limits()
    package var events = EventRing.Limits()
    /// How many connections there may be; with a TCP listener half of them are its, half the Unix
    /// socket's. When they are taken a newcomer gets the place of whoever has the most (`PlaceRule`),
    /// or is answered 503 and closed.
    package var connections = 2048
    /// Probes above it fail at once.
    package var probes = 512
    /// Between the comment lines of an event stream.
    package var heartbeat: Duration = .seconds(15)
    /// After connections could not be accepted for want of descriptors or memory.
    package var acceptPause: Duration = .seconds(1)

    package init() {}
  }

  /// System calls that fail when the process or the machine is short of something.
  package enum SystemCall: Hashable, Sendable {
    case accept
    /// Of the event loop; the errno is not told.
    case wait
  }

  /// What the server is told at its start.
  package struct Setup: Sendable {
    /// Where the Unix socket is made.
    package var socketPath: String
    /// Where the TCP listener is, which serves reading only.
    package var host = ListenHost.none
    /// Of the TCP listener; 0 is any that is free.
    package var port: UInt16 = 0
    /// Who may change what the daemon knows, over the Unix socket.
    package var changeRule = ChangeRule(ownUser: geteuid())
    package var identity: ReadModel.Identity
    package var clock: any DiscoveryClock
    package var limits = Limits()
    /// What the daemon's parts count, for `/metrics`.
    package var counters = DaemonCounters()
    /// Called on the server's thread for `POST /v1/refresh`; must return at once.
    package var onRefresh: @Sendable () -> Void = {}
    /// Called on the server's thread with an order and what to answer it by (see `answer`); must return
    /// at once, false when it takes no more.
    package var onOrder: @Sendable (APIOrder, APIOrder.Ticket) -> Bool = { _, _ in false }
    /// Gets the library's errors, for the log.
    package var onError: @Sendable (String) -> Void = { _ in }
    /// Called once, on the server's thread, with the reason when the server ends without `stop`:
    /// nothing is served any more. Must return at once, and not call `stop`.
    package var onEnd: @Sendable (String) -> Void = { _ in }
    /// The errno that a call fails with instead of being made; for tests, as the real shortages are
    /// the whole process's.
    package var fault: @Sendable (SystemCall) -> Int32? = { _ in nil }

    package init(socketPath: String, identity: ReadModel.Identity, clock: any DiscoveryClock) {
      self.socketPath = socketPath
      self.identity = identity
      self.clock = clock
    }

    /// How many connections there may be over the Unix socket, and as many over TCP.
    var placesOfEachKind: Int { host == .none ? limits.connections : limits.connections / 2 }
  }

  /// Where it is reached over TCP, each as a URL: `http://127.0.0.1:6398`.
  package let urls: [String]
  /// Sends probes from the server's thread; each fails once the server has stopped.
  package let probes: ProbeClient

  private let inbox: ServerInbox
  private let listener: UnixListener
  /// nil once it was joined.
  private let thread: Mutex<pthread_t?>

  /// Starts to serve; readiness is for `setReady` to say.
  package init(_ setup: Setup) throws(WebServerError) {
    LibraryLog.send(to: setup.onError)
    let inbox = ServerInbox()
    // First, so that a second daemon is told of the first one by its socket.
    let listener = try UnixListener(path: setup.socketPath)
    var descriptors = [listener.descriptor]
    let loop: ServiceLoop
    do throws(WebServerError) {
      let network = try TCPListener.open(setup.host, port: setup.port)
      descriptors += network.map(\.descriptor)
      urls = network.map(\.url)
      for missing in network where !missing.isPresent {
        setup.onError(
          "this machine does not have the address of \(missing.url) yet; it is served there once it has"
        )
      }
      loop = try ServiceLoop(setup, inbox: inbox)
    } catch {
      listener.removeFile()
      for descriptor in descriptors { close(descriptor) }
      throw error
    }
    do throws(WebServerError) {
      while !descriptors.isEmpty { try loop.listen(descriptors.removeFirst()) }
      try loop.openProbes()
      probes = ProbeClient(inbox: inbox, limit: loop.setup.limits.probes)
      thread = Mutex(try Self.startThread(loop))
    } catch {
      listener.removeFile()
      for descriptor in descriptors { close(descriptor) }
      loop.destroy()
      throw error
    }
    self.inbox = inbox
    self.listener = listener
  }

  /// Takes what the registry tells its watchers, in order; waits when the server is far behind.
  package func publish(_ update: RegistryUpdate) async {
    await inbox.put(update)
  }

  /// Says what came of an order, which the registry shows at `revision`.
  package func answer(
    _ ticket: APIOrder.Ticket, _ outcome: APIOrder.Outcome, at revision: UInt64
  ) {
    inbox.put {
      $0.replies.append(APIOrder.Reply(ticket: ticket, outcome: outcome, revision: revision))
    }
  }

  /// Says what `/readyz` answers.
  package func setReady(_ readiness: ReadModel.Readiness) {
    inbox.put { $0.readiness = readiness }
  }

  /// Says which services of this machine the status has.
  package func setAnnouncements(_ announcements: [AnnouncementDocument]) {
    inbox.put { $0.announcements = announcements }
  }

  /// Removes the socket's file, closes all connections and ends the thread; returns when that is
  /// done. More calls do nothing.
  package func stop() {
    thread.withLock { thread in
      guard let running = thread else { return }
      thread = nil
      listener.removeFile()
      inbox.put { $0.isStopping = true }
      pthread_join(running, nil)
    }
  }

  deinit {
    stop()
  }

  /// Hands `loop` to a thread of its own, which takes no signals: those are for others.
  private static func startThread(_ loop: ServiceLoop) throws(WebServerError) -> pthread_t {
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &previous)
    defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
    var thread = pthread_t()
    // Owned by the thread, which frees it at its end.
    let argument = Unmanaged.passRetained(loop).toOpaque()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        nexus_name_thread("web")
        Unmanaged<ServiceLoop>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, argument)
    guard code == 0 else {
      Unmanaged<ServiceLoop>.fromOpaque(argument).release()
      throw .system(
        operation: "pthread_create", code: code, text: String(cString: strerror(code)))
    }
    return thread
  }
}
