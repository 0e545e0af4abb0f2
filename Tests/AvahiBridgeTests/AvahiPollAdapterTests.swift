import CAvahi
import Dispatch
import EventLoop
import Glibc
import Testing

@testable import AvahiBridge

/// The AvahiPoll as libavahi uses it, on a queue and without a bus.
@Suite struct AvahiPollAdapterTests {
  /// What the callbacks get as user data; it holds the adapter that they use.
  private final class Witness {
    let called: AsyncStream<String>.Continuation
    let adapter: AvahiPollAdapter
    /// A timeout that no callback frees.
    var timeout: OpaquePointer?

    var api: UnsafeMutablePointer<AvahiPoll> { adapter.api }

    init(called: AsyncStream<String>.Continuation, adapter: AvahiPollAdapter) {
      self.called = called
      self.adapter = adapter
    }

    deinit {
      api.pointee.timeout_free(timeout)
    }

    static func from(_ userdata: UnsafeMutableRawPointer?) -> Witness? {
      userdata.map { Unmanaged<Witness>.fromOpaque($0).takeUnretainedValue() }
    }
  }

  private let queue = DispatchQueue(label: "poll")

  /// Runs `body` on the queue with an adapter and a witness; what the callbacks say, in order, up to
  /// `count` words.
  private func words(
    _ count: Int,
    _ body: @escaping @Sendable (UnsafeMutablePointer<AvahiPoll>, UnsafeMutableRawPointer) -> Void
  ) async -> [String] {
    let (stream, called) = AsyncStream.makeStream(of: String.self)
    let queue = queue
    // Held for as long as callbacks may come, as libavahi holds its own.
    let held: Confined<Witness> = await withCheckedContinuation { continuation in
      queue.async {
        let witness = Witness(called: called, adapter: AvahiPollAdapter(queue: queue))
        body(witness.api, Unmanaged.passRetained(witness).toOpaque())
        continuation.resume(returning: Confined(witness))
      }
    }
    var words: [String] = []
    for await word in stream {
      words.append(word)
      if words.count == count { break }
    }
    await withCheckedContinuation { continuation in
      queue.async {
        if let witness = held.object { Unmanaged.passUnretained(witness).release() }
        continuation.resume()
      }
    }
    return words
  }

  private static let onTimeout: AvahiTimeoutCallback = { timeout, userdata in
    guard let witness = Witness.from(userdata) else { return }
    witness.api.pointee.timeout_free(timeout)
    witness.called.yield("timeout")
  }

  @Test("a time of zero means now, and a timeout may free itself")
  func zero() async {
    let words = await words(1) { api, userdata in
      var zero = timeval()
      _ = api.pointee.timeout_new(api, &zero, Self.onTimeout, userdata)
    }
    #expect(words == ["timeout"])
  }

  @Test("a time to come is waited for")
  func later() async {
    let words = await words(2) { api, userdata in
      var soon = timeval()
      avahi_elapse_time(&soon, 30, 0)
      _ = api.pointee.timeout_new(api, &soon, Self.onTimeout, userdata)
      Witness.from(userdata)?.called.yield("set")
    }
    #expect(words == ["set", "timeout"])
  }

  @Test("a timeout that was set anew, put off or freed does not fire as it was set first")
  func replaced() async {
    let words = await words(2) { api, userdata in
      var zero = timeval()
      var soon = timeval()
      avahi_elapse_time(&soon, 20, 0)
      let disabled = api.pointee.timeout_new(api, &zero, Self.onTimeout, userdata)
      api.pointee.timeout_update(disabled, nil)
      Witness.from(userdata)?.timeout = disabled
      api.pointee.timeout_free(api.pointee.timeout_new(api, &zero, Self.onTimeout, userdata))
      let postponed = api.pointee.timeout_new(api, &zero, Self.onTimeout, userdata)
      api.pointee.timeout_update(postponed, &soon)
      // In turn after whatever was set to now.
      api.pointee.timeout_update(
        api.pointee.timeout_new(
          api, nil,
          { timeout, userdata in
            guard let witness = Witness.from(userdata) else { return }
            witness.api.pointee.timeout_free(timeout)
            witness.called.yield("marker")
          }, userdata), &zero)
    }
    #expect(words == ["marker", "timeout"])
  }

  @Test("a readable descriptor is told with its event, even if libdbus has closed its own since")
  func readable() async throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let (reading, writing) = (ends[0], ends[1])
    let words = await words(2) { api, userdata in
      _ = api.pointee.watch_new(
        api, reading, AVAHI_WATCH_IN,
        { watch, descriptor, event, userdata in
          guard let witness = Witness.from(userdata) else { return }
          #expect(event == AVAHI_WATCH_IN)
          #expect(witness.api.pointee.watch_get_events(watch) == AVAHI_WATCH_IN)
          witness.api.pointee.watch_free(watch)
          close(descriptor)
          witness.called.yield("readable")
        }, userdata)
      Witness.from(userdata)?.called.yield("watched")
      _ = write(writing, "x", 1)
    }
    #expect(words == ["watched", "readable"])
    close(writing)
  }

  @Test("a watch for nothing stays silent until it is watched for something")
  func updated() async throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let writing = ends[1]
    let words = await words(1) { api, userdata in
      let watch = api.pointee.watch_new(
        api, writing, AvahiWatchEvent(rawValue: 0),
        { watch, _, event, userdata in
          #expect(event == AVAHI_WATCH_OUT)
          guard let witness = Witness.from(userdata) else { return }
          witness.api.pointee.watch_free(watch)
          witness.called.yield("writable")
        }, userdata)
      api.pointee.watch_update(watch, AVAHI_WATCH_OUT)
    }
    #expect(words == ["writable"])
    close(ends[0])
    close(writing)
  }

  @Test("a descriptor that is not open is refused")
  func closed() async {
    let words = await words(1) { api, userdata in
      let watch = api.pointee.watch_new(api, -1, AVAHI_WATCH_IN, { _, _, _, _ in }, userdata)
      Witness.from(userdata)?.called.yield(watch == nil ? "refused" : "taken")
    }
    #expect(words == ["refused"])
  }
}
