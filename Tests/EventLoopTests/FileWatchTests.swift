import Dispatch
import EventLoop
import Glibc
import Testing

@Suite("A watched descriptor", .timeLimit(.minutes(5)))
struct FileWatchTests {
  /// One end of a socket pair that is watched, the other one for the test to play with.
  private actor Watched {
    let executor = QueueExecutor(label: "watched")
    /// What the handler was called with.
    nonisolated let calls: AsyncStream<FileWatch.Readiness>
    private let continuation: AsyncStream<FileWatch.Readiness>.Continuation
    private let descriptor: Int32
    nonisolated let peer: Int32
    private var open: Set<Int32>
    private var watch: FileWatch?
    private var readsWhenReady = true
    private var cancelsWhenReady = false

    nonisolated var unownedExecutor: UnownedSerialExecutor {
      executor.asUnownedSerialExecutor()
    }

    init() throws {
      var ends: [Int32] = [0, 0]
      let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
      try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
      (descriptor, peer) = (ends[0], ends[1])
      open = Set(ends)
      (calls, continuation) = AsyncStream.makeStream()
    }

    deinit { for open in open { close(open) } }

    func begin(
      _ interest: FileWatch.Readiness, reading: Bool = true, cancelling: Bool = false
    ) {
      readsWhenReady = reading
      cancelsWhenReady = cancelling
      watch = FileWatch(
        descriptor: descriptor, queue: executor.queue, interest: interest
      ) { [weak self] readiness in
        self?.assumeIsolated { $0.ready(readiness) }
      }
    }

    func setInterest(_ interest: FileWatch.Readiness) { watch?.setInterest(interest) }

    /// Makes the descriptor readable, keeps the queue busy until that was noticed, then cancels.
    func cancelTooLate() {
      let noticed = DispatchSemaphore(value: 0)
      let witness = FileWatch(
        descriptor: descriptor, queue: DispatchQueue(label: "witness")
      ) { _ in noticed.signal() }
      write(peer, "x", 1)
      noticed.wait()
      withExtendedLifetime(witness) { watch?.cancel() }
    }

    func release() { watch = nil }

    func closeOwn() { if open.remove(descriptor) != nil { close(descriptor) } }

    func closePeer() { if open.remove(peer) != nil { close(peer) } }

    /// Something for the peer to read, which it will not.
    func say() { write(descriptor, "x", 1) }

    /// Runs after all that the queue had to do when it was called; ends `calls`.
    func finish() { continuation.finish() }

    private func ready(_ readiness: FileWatch.Readiness) {
      var buffer = [UInt8](repeating: 0, count: 16)
      if readiness == .read, readsWhenReady { _ = read(descriptor, &buffer, buffer.count) }
      if cancelsWhenReady { watch = nil }
      continuation.yield(readiness)
    }
  }

  private func say(_ peer: Int32) { _ = write(peer, "x", 1) }

  @Test("it tells of each thing to read, and of nothing else")
  func reading() async throws {
    let watched = try Watched()
    await watched.begin(.read)
    var calls = watched.calls.makeAsyncIterator()
    for _ in 0..<3 {
      say(watched.peer)
      #expect(await calls.next() == .read)
    }
    await watched.finish()
    #expect(await calls.next() == nil)
  }

  @Test("what is not read is told of again")
  func levelTriggered() async throws {
    let watched = try Watched()
    await watched.begin(.read, reading: false)
    say(watched.peer)
    var calls = watched.calls.makeAsyncIterator()
    for _ in 0..<3 { #expect(await calls.next() == .read) }
    await watched.setInterest([])
  }

  @Test("the interest changes both ways")
  func interest() async throws {
    let watched = try Watched()
    await watched.begin([], reading: true)
    say(watched.peer)
    await watched.setInterest(.write)
    var calls = watched.calls.makeAsyncIterator()
    #expect(await calls.next() == .write)
    await watched.setInterest(.read)
    var call = await calls.next()
    while call == .write { call = await calls.next() }
    #expect(call == .read)
    await watched.setInterest([.read, .write])
    #expect(await calls.next() == .write)
    await watched.setInterest([])
  }

  @Test("the handler is not called once it was cancelled, even when it was due")
  func cancelled() async throws {
    let watched = try Watched()
    await watched.begin(.read)
    await watched.cancelTooLate()
    for _ in 0..<10 { await Task.yield() }
    await watched.finish()
    var calls = watched.calls.makeAsyncIterator()
    #expect(await calls.next() == nil)
  }

  @Test("a handler may release its own watch")
  func releasedInside() async throws {
    let watched = try Watched()
    await watched.begin(.read, reading: false, cancelling: true)
    say(watched.peer)
    var calls = watched.calls.makeAsyncIterator()
    #expect(await calls.next() == .read)
    await watched.finish()
    #expect(await calls.next() == nil)
  }

  @Test("a peer that hangs up is something to read")
  func hangUp() async throws {
    let watched = try Watched()
    await watched.begin(.read)
    shutdown(watched.peer, Int32(SHUT_RDWR))
    var calls = watched.calls.makeAsyncIterator()
    #expect(await calls.next() == .read)
    await watched.release()
  }

  @Test("its owner may close the descriptor first; all is closed once the watch is gone")
  func closes() async throws {
    let watched = try Watched()
    await watched.begin([.read, .write])
    await watched.closeOwn()
    var byte: UInt8 = 0
    #expect(read(watched.peer, &byte, 1) == -1 && errno == EAGAIN)
    await watched.release()
    // Dispatch closes after its own cancellation, at some later time.
    while read(watched.peer, &byte, 1) != 0 { await Task.yield() }
  }

  @Test("a peer that goes away with words unread is something to read, and to write")
  func reset() async throws {
    let watched = try Watched()
    await watched.begin([])
    await watched.say()
    await watched.closePeer()
    await watched.setInterest(.read)
    var calls = watched.calls.makeAsyncIterator()
    #expect(await calls.next() == .read)
    await watched.setInterest(.write)
    var call = await calls.next()
    while call == .read { call = await calls.next() }
    #expect(call == .write)
    await watched.release()
  }

  @Test("a descriptor that is none cannot be watched")
  func badDescriptor() {
    let queue = DispatchQueue(label: "bad")
    #expect(FileWatch(descriptor: -1, queue: queue) { _ in } == nil)
    #expect(errno == EBADF)
  }
}
