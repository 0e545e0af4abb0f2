import Dispatch
import Glibc

/// Watches one file descriptor on a queue, for reading, writing or both.
///
/// It watches a duplicate: Dispatch needs a descriptor open until a source's cancellation is
/// complete, while C libraries close theirs sooner. All calls are made on the queue.
///
/// It is for descriptors on which an error or a hang-up makes something to read as well, which is
/// true of pipes, stream sockets, netlink and inotify. Where an error can come alone (a connected
/// UDP socket) Dispatch calls no handler for it, and spins until somebody fetches the error.
package final class FileWatch {
  /// What a descriptor is ready for, or is watched for.
  package struct Readiness: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let read = Readiness(rawValue: 1)
    package static let write = Readiness(rawValue: 2)
  }

  private let queue: DispatchQueue
  private let descriptor: Int32
  private let handler: @Sendable (Readiness) -> Void
  private var sources: [Readiness: any DispatchSourceProtocol] = [:]

  /// Begins to watch `descriptor`, which stays its owner's to close; nil when it is no open one
  /// or the system has no more of them (errno says why).
  ///
  /// `handler` is told one direction at a time, again and again until what made it ready is dealt
  /// with.
  package init?(
    descriptor: Int32, queue: DispatchQueue, interest: Readiness = .read,
    handler: @escaping @Sendable (Readiness) -> Void
  ) {
    let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard duplicate >= 0 else { return nil }
    self.queue = queue
    self.descriptor = duplicate
    self.handler = handler
    guard setInterest(interest) else { return nil }
  }

  /// Watches for `interest` from now on; for nothing when it is empty. False when the system is out
  /// of descriptors for it (errno says why).
  @discardableResult
  package func setInterest(_ interest: Readiness) -> Bool {
    for direction in [Readiness.read, .write] {
      if !interest.contains(direction) {
        sources.removeValue(forKey: direction)?.cancel()
      } else if sources[direction] == nil {
        guard let source = source(for: direction) else { return false }
        sources[direction] = source
      }
    }
    return true
  }

  /// Stops watching; the handler is not called again once this returns on the queue.
  package func cancel() {
    setInterest([])
  }

  deinit {
    for source in sources.values { source.cancel() }
    close(descriptor)
  }

  /// A running source with a duplicate of its own, which its cancel handler closes.
  private func source(for direction: Readiness) -> (any DispatchSourceProtocol)? {
    let owned = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard owned >= 0 else { return nil }
    let source: any DispatchSourceProtocol =
      direction == .read
      ? DispatchSource.makeReadSource(fileDescriptor: owned, queue: queue)
      : DispatchSource.makeWriteSource(fileDescriptor: owned, queue: queue)
    source.setEventHandler { [handler] in handler(direction) }
    source.setCancelHandler { close(owned) }
    source.activate()
    return source
  }
}
