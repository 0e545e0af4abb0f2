/// The last of what happened, each with its number, for watchers that are a little behind: bounded,
/// oldest first.
struct ChangeLog<Change> {
  private let capacity: Int
  /// Grows until it is full; from there on the newest takes the oldest's place.
  private var ring: [Change] = []
  /// The oldest one's place, which is the next one's; 0 while it grows.
  private var next = 0

  /// A log of the last `capacity` changes.
  init(capacity: Int) {
    self.capacity = max(capacity, 1)
  }

  mutating func append(_ change: Change) {
    guard ring.count == capacity else {
      ring.append(change)
      return
    }
    ring[next] = change
    next = (next + 1) % capacity
  }

  /// All changes after number `revision` up to `current`, the last one; nil when some of them are no
  /// longer here, or when `revision` lies ahead.
  func changes(after revision: UInt64, upTo current: UInt64) -> [Change]? {
    guard revision <= current, current - revision <= UInt64(ring.count) else { return nil }
    let wanted = Int(current - revision)
    guard wanted > 0 else { return [] }
    let start = next + ring.count - wanted
    return (0..<wanted).map { ring[(start + $0) % ring.count] }
  }
}
