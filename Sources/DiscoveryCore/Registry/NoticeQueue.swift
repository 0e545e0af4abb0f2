/// Notices that were not read before, in order.
package struct NoticeBatch: Hashable, Sendable {
  package var notices: [RegistryNotice] = []
  /// How many skips found no room.
  package var lostSkips = 0
  /// How many other notices found no room.
  package var lostOthers = 0
}

/// What waits for the reader of notices.
///
/// Skips, of which any neighbour can cause any number, have room of their own: they push out nothing
/// that matters.
struct NoticeQueue {
  /// At most this many skips wait, and as many others; the oldest stay.
  static let capacity = 1024

  private var batch = NoticeBatch()
  private var skips = 0

  var isEmpty: Bool { batch.notices.isEmpty }

  mutating func add(_ notice: RegistryNotice) {
    if case .skipped = notice {
      guard skips < Self.capacity else {
        batch.lostSkips += 1
        return
      }
      skips += 1
    } else if batch.notices.count - skips >= Self.capacity {
      batch.lostOthers += 1
      return
    }
    batch.notices.append(notice)
  }

  /// All that waits; nil for nothing.
  mutating func take() -> NoticeBatch? {
    guard !isEmpty else { return nil }
    defer { self = NoticeQueue() }
    return batch
  }
}
