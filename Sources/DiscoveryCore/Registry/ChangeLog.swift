/// The last committed changes, for watchers that are a little behind: bounded, oldest first.
struct ChangeLog {
  private var ring: [RegistryChange?]
  private var next = 0
  private var count = 0

  /// A log of the last `capacity` changes.
  init(capacity: Int) {
    ring = Array(repeating: nil, count: max(capacity, 1))
  }

  mutating func append(_ change: RegistryChange) {
    ring[next] = change
    next = (next + 1) % ring.count
    count = min(count + 1, ring.count)
  }

  /// All changes after `revision` up to `current`; nil when some of them are no longer here, or
  /// when `revision` lies ahead.
  func changes(after revision: UInt64, upTo current: UInt64) -> [RegistryChange]? {
    guard revision <= current, current - revision <= UInt64(count) else { return nil }
    let wanted = Int(current - revision)
    let start = (next - wanted + ring.count) % ring.count
    return (0..<wanted).compactMap { ring[(start + $0) % ring.count] }
  }
}
