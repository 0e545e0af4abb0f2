/// Which slot is due next: a binary heap with at most a few entries per slot.
///
/// Entries are hints, never removed early: whoever takes one asks the slot for its true deadline.
struct DeadlineQueue {
  struct Entry {
    let at: Uptime
    let slot: Int
  }

  private var heap: [Entry] = []

  var first: Entry? { heap.first }
  var count: Int { heap.count }

  mutating func push(_ slot: Int, at deadline: Uptime) {
    heap.append(Entry(at: deadline, slot: slot))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].at < heap[parent].at else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  @discardableResult
  mutating func popFirst() -> Entry? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var smallest = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].at < heap[smallest].at { smallest = child }
      }
      guard smallest != parent else { return first }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
