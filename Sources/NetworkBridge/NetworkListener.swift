import Dispatch
import DiscoveryCore
import EventLoop
import Glibc

/// Reads the network again when the kernel says that it changed, on a queue of its own.
///
/// It lives as long as its stream is read: the stream's end releases it and closes the socket.
actor NetworkListener {
  private static let retryDelay = Duration.seconds(1)

  private let executor = QueueExecutor(label: "network")
  private let descriptor: Int32
  private let settling: Duration
  private let read: NetworkMonitor.Reader
  private let continuation: AsyncStream<LocalNetwork>.Continuation
  private var last: LocalNetwork
  private var watch: FileWatch?
  private var timer: QueueTimer?
  private var isReadDue = false

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  init(
    descriptor: Int32, settling: Duration, first: LocalNetwork,
    read: @escaping NetworkMonitor.Reader, continuation: AsyncStream<LocalNetwork>.Continuation
  ) {
    self.descriptor = descriptor
    self.settling = settling
    self.read = read
    self.continuation = continuation
    last = first
  }

  deinit {
    close(descriptor)
  }

  /// Gives out the first value and watches for notices from now on.
  nonisolated func begin() throws(NetworkFailure) {
    let failure = executor.queue.sync { assumeIsolated { $0.start() } }
    if let failure { throw failure }
  }

  private func start() -> NetworkFailure? {
    // Weak: Dispatch keeps handlers for as long as their sources run.
    let queue = executor.queue
    watch = FileWatch(descriptor: descriptor, queue: queue) { [weak self] _ in
      self?.assumeIsolated { $0.drain() }
    }
    guard watch != nil else { return NetworkFailure(operation: "fcntl(F_DUPFD_CLOEXEC)") }
    timer = QueueTimer(queue: queue) { [weak self] in
      self?.assumeIsolated { $0.readAgain() }
    }
    continuation.yield(last)
    continuation.onTermination = { _ in
      queue.async { self.assumeIsolated { $0.stop() } }
    }
    return nil
  }

  private func stop() {
    watch?.cancel()
    watch = nil
    timer = nil
  }

  /// Empties the socket. What the notices say is not looked at: they only mean "look again".
  private func drain() {
    while true {
      var byte: UInt8 = 0
      let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT))
      if count > 0 {
        scheduleReading(after: settling)
      } else if count < 0 && errno == EINTR {
        continue
      } else if count < 0 && errno == EAGAIN {
        return
      } else {
        continuation.finish()
        return stop()
      }
    }
  }

  /// The first notice of a burst sets the time, the others change nothing: a network that never
  /// rests is still told of.
  private func scheduleReading(after delay: Duration) {
    guard !isReadDue else { return }
    isReadDue = true
    timer?.fire(after: delay)
  }

  private func readAgain() {
    isReadDue = false
    guard let network = try? read() else {
      // Out of descriptors or memory, which passes; what is known stays.
      return scheduleReading(after: Self.retryDelay)
    }
    guard network != last else { return }
    last = network
    // A value dropped here is one that nobody read and that this one replaces.
    continuation.yield(network)
  }
}
