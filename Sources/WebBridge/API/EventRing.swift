/// The last events of `/v1/watch`, encoded once and shared by all readers, each of which holds only
/// the revision that it has.
package struct EventRing: Sendable {
  package struct Limits: Hashable, Sendable {
    package var count = 1024
    package var bytes = 1 << 20

    package init() {}
  }

  package enum Next: Hashable, Sendable {
    case event([UInt8], revision: UInt64)
    case upToDate
    /// What comes after that revision is not kept any more: only a snapshot helps.
    case lost
  }

  private let limits: Limits
  private var events: [[UInt8]] = []
  /// Where the oldest event is in `events`; those before it are empty.
  private var head = 0
  private var byteCount = 0
  /// The revision of the newest event, or the one since which there is none.
  package private(set) var latest: UInt64 = 0

  package init(limits: Limits = Limits()) {
    self.limits = limits
  }

  private var count: Int { events.count - head }

  /// Forgets all events: whoever has not `revision` needs a snapshot.
  package mutating func reset(to revision: UInt64) {
    events = []
    head = 0
    byteCount = 0
    latest = revision
  }

  /// Keeps an event; the oldest ones make room.
  package mutating func append(_ event: [UInt8], revision: UInt64) {
    // Revisions without a gap are what makes a revision a place in the ring.
    if revision != latest + 1 { reset(to: revision - 1) }
    latest = revision
    events.append(event)
    byteCount += event.count
    while count > limits.count || byteCount > limits.bytes {
      byteCount -= events[head].count
      events[head] = []
      head += 1
    }
    if head > limits.count {
      events.removeFirst(head)
      head = 0
    }
  }

  /// What a reader that has `revision` gets next.
  package func next(after revision: UInt64) -> Next {
    guard revision < latest else { return revision == latest ? .upToDate : .lost }
    let behind = latest - revision
    guard behind <= count else { return .lost }
    return .event(events[events.count - Int(behind)], revision: revision + 1)
  }
}
