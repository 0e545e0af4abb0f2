import AvahiBridge
import DiscoveryCore
import EventLoop
import Synchronization

/// A service of this machine that others see: for as long as this is kept, or until `cancel()`.
///
/// It outlives restarts of avahi-daemon and changes of the host's name: it is then announced anew.
/// Releasing it withdraws the service, with a goodbye, in the background; so does the process's end,
/// however it comes.
public final class Announcement: Sendable {
  /// The work is done on a queue of its own, whatever the program's tasks do.
  private static let executor = QueueTaskExecutor(label: "announcements")

  private let progress: Progress
  private let work: Task<Void, Never>

  /// Begins to publish `service`.
  private init(_ service: AnnouncedService) {
    let progress = Progress()
    let publisher = AvahiPublisher()
    publisher.publish([service])
    self.progress = progress
    work = Task(executorPreference: Self.executor) {
      await publisher.run { progress.take($0) }
    }
  }

  deinit {
    work.cancel()
  }

  /// Its name on the network: the one that was asked for, or, where another service has that, the
  /// alternative that Avahi chose; nil while it is not announced.
  public var name: String? { progress.state.name }

  /// Why it is not announced now; nil while it is.
  public var lastError: AnnouncementError? { progress.state.error }

  /// Withdraws the service for good; returns when its goodbye is on its way.
  public func cancel() async {
    work.cancel()
    await work.value
  }

  /// Announces `service`; returns once it is on the air.
  static func start(_ service: AnnouncedService) async throws -> Announcement {
    let announcement = Announcement(service)
    for await state in announcement.progress.states {
      if state.name != nil { return announcement }
      if let error = state.error { throw error }
    }
    throw CancellationError()
  }
}

/// How an announcement stands, as its publisher tells it and its owner asks.
private final class Progress: Sendable {
  private let current = Mutex(AnnouncementState())
  private let sink: AsyncStream<AnnouncementState>.Continuation
  /// The state after each event; of what is unread, the newest.
  let states: AsyncStream<AnnouncementState>

  init() {
    (states, sink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  var state: AnnouncementState { current.withLock { $0 } }

  func take(_ events: [PublisherEvent]) {
    let state = current.withLock { state in
      for event in events { state.take(event) }
      return state
    }
    sink.yield(state)
  }
}

/// What a publisher's events come to for the one service that it has.
struct AnnouncementState: Hashable, Sendable {
  /// Its name on the air; nil while it is not there.
  private(set) var name: String?
  private(set) var error: AnnouncementError?

  mutating func take(_ event: PublisherEvent) {
    switch event {
    case .announced(_, let instance, _): (name, error) = (instance, nil)
    case .withdrawn: name = nil
    case .refused(_, let reason): (name, error) = (nil, .refused(reason))
    case .down(let reason): (name, error) = (nil, .unavailable(reason))
    case .up: if case .unavailable? = error { error = nil }
    }
  }
}
