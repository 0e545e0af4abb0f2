import DiscoveryCore
import Synchronization

/// Hands events from the publisher's queue to one consumer, all of them and in order; from a consumer
/// that is far behind, what is of no interest any more is kept.
package final class PublisherMailbox: Sendable {
  /// So many events wait before any is left out.
  package static let patience = 256

  fileprivate struct State {
    var events: [PublisherEvent] = []
    var waiter: CheckedContinuation<[PublisherEvent]?, Never>?
    var isFinished = false
  }

  private let state = Mutex(State())

  package init() {}

  /// Leaves `events` for the consumer, who gets them together; never waits.
  package func post(_ events: [PublisherEvent]) {
    let handover = state.withLock { state -> Handover? in
      guard !state.isFinished else { return nil }
      for event in events { state.add(event) }
      guard let waiter = state.waiter else { return nil }
      state.waiter = nil
      return Handover(waiter: waiter, events: state.takeAll())
    }
    handover?.complete()
  }

  /// All that waits, as soon as there is anything; nil once the mailbox is finished and empty, whatever
  /// becomes of the task. One consumer only.
  package func next() async -> [PublisherEvent]? {
    await withCheckedContinuation { (continuation: CheckedContinuation<[PublisherEvent]?, Never>) in
      let handover = state.withLock { state -> Handover? in
        precondition(state.waiter == nil, "a PublisherMailbox has one consumer")
        if state.events.isEmpty && !state.isFinished {
          state.waiter = continuation
          return nil
        }
        return Handover(waiter: continuation, events: state.takeAll())
      }
      handover?.complete()
    }
  }

  /// Takes no more events; the consumer gets what waits, then nil.
  package func finish() {
    let waiter = state.withLock { state in
      state.isFinished = true
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(returning: nil)
  }

  /// What to tell the consumer once the lock is free.
  private struct Handover {
    let waiter: CheckedContinuation<[PublisherEvent]?, Never>
    let events: [PublisherEvent]?

    func complete() { waiter.resume(returning: events) }
  }
}

extension PublisherMailbox.State {
  fileprivate mutating func add(_ event: PublisherEvent) {
    if events.count >= PublisherMailbox.patience { makeRoom(for: event) }
    if case .withdrawn(let id, _, _) = event, events.count >= PublisherMailbox.patience,
      let place = events.lastIndex(where: { $0.isAnnouncement(of: id) })
    {
      // On the air and off again before anyone looked.
      events.remove(at: place)
      return
    }
    events.append(event)
  }

  /// Leaves out what `event` takes the place of: at most four events then wait for each service.
  private mutating func makeRoom(for event: PublisherEvent) {
    switch event {
    case .up, .down: events.removeAll { $0.isOfPublisher }
    case .refused(let id, _):
      events.removeAll {
        if case .refused(id, _) = $0 { true } else { false }
      }
    case .announced, .withdrawn: return
    }
  }

  fileprivate mutating func takeAll() -> [PublisherEvent]? {
    defer { events = [] }
    return events.isEmpty ? nil : events
  }
}

extension PublisherEvent {
  fileprivate func isAnnouncement(of id: AnnouncedService.ID) -> Bool {
    if case .announced(let service, _, _) = self { service.id == id } else { false }
  }

  fileprivate var isOfPublisher: Bool {
    switch self {
    case .up, .down: true
    case .announced, .withdrawn, .refused: false
    }
  }
}
