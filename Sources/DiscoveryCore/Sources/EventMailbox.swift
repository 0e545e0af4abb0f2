import Synchronization

/// Hands events from a source's own queue to one consumer, without bound on the consumer's delay
/// and with one on memory.
///
/// Of a sighting's events only the latest waits, in the place of the first, so that it never moves
/// to the other side of a source event (`fullSetDelivered` says what was not repeated *before* it).
/// What waits is therefore at most one event for each sighting that is there or was delivered, and
/// at most five source events.
package final class EventMailbox: Sendable {
  fileprivate struct State {
    /// Nil marks an event that was taken back before anyone saw it.
    var events: [DiscoveryEvent?] = []
    var places: [Sighting.ID: Int] = [:]
    var live = 0
    /// Hashes of the ids of the sightings that the consumer was given since the last `sourceConnected`:
    /// that two of them have the same is one chance in 2⁶⁴.
    var delivered: Set<Int> = []
    var waiter: CheckedContinuation<[DiscoveryEvent]?, Never>?
    var isFinished = false
  }

  private let state = Mutex(State())

  package init() {}

  /// Leaves `events` for the consumer, who gets them together; never waits.
  package func post(_ events: [DiscoveryEvent]) {
    let handover = state.withLock { state -> Handover? in
      guard !state.isFinished else { return nil }
      for event in events { state.add(event) }
      guard state.live > 0, let waiter = state.waiter else { return nil }
      state.waiter = nil
      return Handover(waiter: waiter, events: state.takeAll())
    }
    handover?.complete()
  }

  /// All that waits, in order, as soon as there is anything; nil once the mailbox is finished or the
  /// task is cancelled. One consumer only.
  package func next() async -> [DiscoveryEvent]? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let handover = state.withLock { state -> Handover? in
          precondition(state.waiter == nil, "an EventMailbox has one consumer")
          if Task.isCancelled || (state.isFinished && state.live == 0) {
            return Handover(waiter: continuation, events: nil)
          }
          if state.live > 0 { return Handover(waiter: continuation, events: state.takeAll()) }
          state.waiter = continuation
          return nil
        }
        handover?.complete()
      }
    } onCancel: {
      releaseWaiter()
    }
  }

  /// Takes no more events; the consumer gets what waits, then nil.
  package func finish() {
    state.withLock { $0.isFinished = true }
    releaseWaiter()
  }

  /// How many events wait: for tests and status.
  package var waitingCount: Int { state.withLock { $0.live } }

  private func releaseWaiter() {
    let waiter = state.withLock { state in
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(returning: nil)
  }

  /// What to tell the consumer once the lock is free.
  private struct Handover {
    let waiter: CheckedContinuation<[DiscoveryEvent]?, Never>
    let events: [DiscoveryEvent]?

    func complete() { waiter.resume(returning: events) }
  }
}

extension EventMailbox.State {
  fileprivate mutating func add(_ event: DiscoveryEvent) {
    switch event {
    case .serviceFound(let sighting):
      put(event, for: sighting.id)
    case .serviceRemoved(let id):
      if delivered.contains(id.hashValue) {
        put(event, for: id)
      } else {
        // The consumer never heard of it in this connection: nothing to take back but the finding.
        takeBack(id)
      }
    case .sourceConnected:
      startAnew()
    case .fullSetDelivered:
      append(event)
    case .sourceFailed:
      if case .sourceFailed? = events.last.flatMap({ $0 }) {
        events[events.count - 1] = event
      } else {
        append(event)
      }
    case .sourceLimited:
      dropLimits()
      append(event)
    }
  }

  /// Only the latest limits matter.
  private mutating func dropLimits() {
    guard let place = events.lastIndex(where: Self.isLimits) else { return }
    events[place] = nil
    live -= 1
  }

  private static func isLimits(_ event: DiscoveryEvent?) -> Bool {
    if case .sourceLimited? = event { true } else { false }
  }

  /// A connection begins: what waited from an earlier one is repeated by it, or ends with its full
  /// set. A failure that nobody heard of is still told.
  private mutating func startAnew() {
    let failure = events.last { event in
      if case .sourceFailed? = event { true } else { false }
    }
    let limits = events.last(where: Self.isLimits)
    events = []
    places = [:]
    live = 0
    delivered = []
    if let failure, let event = failure { append(event) }
    if let limits, let event = limits { append(event) }
    append(.sourceConnected)
  }

  private mutating func put(_ event: DiscoveryEvent, for id: Sighting.ID) {
    if let place = places[id] {
      events[place] = event
    } else {
      places[id] = events.count
      append(event)
    }
  }

  private mutating func append(_ event: DiscoveryEvent) {
    events.append(event)
    live += 1
  }

  private mutating func takeBack(_ id: Sighting.ID) {
    guard let place = places.removeValue(forKey: id) else { return }
    events[place] = nil
    live -= 1
    if events.count > 64, events.count > 2 * live { compact() }
  }

  private mutating func compact() {
    events.removeAll { $0 == nil }
    places = [:]
    for (place, event) in events.enumerated() {
      switch event {
      case .serviceFound(let sighting): places[sighting.id] = place
      case .serviceRemoved(let id): places[id] = place
      case .sourceConnected, .fullSetDelivered, .sourceFailed, .sourceLimited, nil: continue
      }
    }
  }

  fileprivate mutating func takeAll() -> [DiscoveryEvent] {
    let taken = events.compactMap { $0 }
    events = []
    places = [:]
    live = 0
    for event in taken {
      switch event {
      case .serviceFound(let sighting): delivered.insert(sighting.id.hashValue)
      case .serviceRemoved(let id): delivered.remove(id.hashValue)
      case .sourceConnected, .fullSetDelivered, .sourceFailed, .sourceLimited: continue
      }
    }
    return taken
  }
}
