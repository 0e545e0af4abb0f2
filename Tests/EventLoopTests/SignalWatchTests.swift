import EventLoop
import Glibc
import Testing

/// Serialized, and each test with a signal of its own: a process has one set of signals.
@Suite("Signals as a stream", .serialized, .timeLimit(.minutes(5)))
struct SignalWatchTests {
  @Test("a signal is taken over from the moment that the stream exists")
  func delivered() async {
    var signals = SignalWatch.stream(of: [SIGUSR1]).makeAsyncIterator()
    kill(getpid(), SIGUSR1)
    #expect(await signals.next() == SIGUSR1)
  }

  @Test("each watched signal is told by its number")
  func several() async {
    var signals = SignalWatch.stream(of: [SIGHUP, SIGUSR2]).makeAsyncIterator()
    kill(getpid(), SIGUSR2)
    #expect(await signals.next() == SIGUSR2)
    kill(getpid(), SIGHUP)
    #expect(await signals.next() == SIGHUP)
    kill(getpid(), SIGHUP)
    #expect(await signals.next() == SIGHUP)
  }

  @Test("a second stream of the same signal hears it after the first one ended")
  func again() async {
    for _ in 0..<3 {
      let task = Task {
        var signals = SignalWatch.stream(of: [SIGWINCH]).makeAsyncIterator()
        kill(getpid(), SIGWINCH)
        return await signals.next()
      }
      #expect(await task.value == SIGWINCH)
    }
  }

  @Test("two streams of the same signal both hear it")
  func shared() async {
    var first = SignalWatch.stream(of: [SIGWINCH]).makeAsyncIterator()
    var second = SignalWatch.stream(of: [SIGWINCH]).makeAsyncIterator()
    kill(getpid(), SIGWINCH)
    #expect(await first.next() == SIGWINCH)
    #expect(await second.next() == SIGWINCH)
  }
}
