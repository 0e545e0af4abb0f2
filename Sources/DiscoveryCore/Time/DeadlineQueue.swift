/// Deadlines by key, the earliest first: a binary heap whose outdated entries are skipped.
package struct DeadlineQueue<Key: Hashable & Sendable>: Sendable {
  private struct Entry {
    let deadline: Uptime
    /// Tells equal deadlines apart: first set, first due.
    let number: UInt64
    let key: Key

    func isBefore(_ other: Entry) -> Bool {
      deadline == other.deadline ? number < other.number : deadline < other.deadline
    }
  }

  private var heap: [Entry] = []
  private var current: [Key: UInt64] = [:]
  private var lastNumber: UInt64 = 0

  package init() {}

  /// The earliest deadline; nil with none.
  package var earliest: Uptime? { heap.first?.deadline }

  /// The key that is due first; nil with none.
  package var first: Key? { heap.first?.key }

  package var count: Int { current.count }

  /// True while `key` has a deadline.
  package func contains(_ key: Key) -> Bool { current[key] != nil }

  /// `key` is due at `deadline` and at no other time.
  package mutating func set(_ key: Key, at deadline: Uptime) {
    lastNumber += 1
    current[key] = lastNumber
    heap.append(Entry(deadline: deadline, number: lastNumber, key: key))
    siftUp(heap.count - 1)
    dropOutdated()
  }

  /// `key` is not due any more.
  package mutating func cancel(_ key: Key) {
    guard current.removeValue(forKey: key) != nil else { return }
    dropOutdated()
  }

  /// Takes the keys that are due, the earliest first.
  package mutating func takeDue(at now: Uptime) -> [Key] {
    var due: [Key] = []
    while let first = heap.first, first.deadline <= now {
      removeFirst()
      current[first.key] = nil
      due.append(first.key)
      dropOutdated()
    }
    return due
  }

  /// Takes the earliest key, due or not; nil with none.
  package mutating func takeFirst() -> Key? {
    guard let first = heap.first else { return nil }
    removeFirst()
    current[first.key] = nil
    dropOutdated()
    return first.key
  }

  private mutating func dropOutdated() {
    if heap.count > 64, heap.count > 4 * current.count {
      let kept = heap.filter { current[$0.key] == $0.number }
      heap = []
      for entry in kept {
        heap.append(entry)
        siftUp(heap.count - 1)
      }
    }
    while let first = heap.first, current[first.key] != first.number { removeFirst() }
  }

  private mutating func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].isBefore(heap[least]) {
        least = child
      }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  private mutating func siftUp(_ index: Int) {
    var child = index
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].isBefore(heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }
}
