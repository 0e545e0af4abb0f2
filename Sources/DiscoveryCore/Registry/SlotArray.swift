/// Values under small numbers that stay theirs until removed; freed numbers are used again.
struct SlotArray<Element> {
  private var slots: [Element?] = []
  private var free: [Int] = []

  var count: Int { slots.count - free.count }

  /// The numbers in use, ascending.
  var indices: some Sequence<Int> { slots.indices.lazy.filter { slots[$0] != nil } }

  mutating func insert(_ element: Element) -> Int {
    guard let slot = free.popLast() else {
      slots.append(element)
      return slots.count - 1
    }
    slots[slot] = element
    return slot
  }

  mutating func remove(_ slot: Int) {
    slots[slot] = nil
    free.append(slot)
  }

  func contains(_ slot: Int) -> Bool {
    slots.indices.contains(slot) && slots[slot] != nil
  }

  /// The value under a number in use; any other number is a mistake of the caller and traps.
  subscript(slot: Int) -> Element {
    _read {
      guard slots[slot] != nil else { preconditionFailure("slot \(slot) is free") }
      // Force-unwrapped in place, as below: it is read without a copy.
      // swift-format-ignore: NeverForceUnwrap
      yield slots[slot]!
    }
    _modify {
      guard slots[slot] != nil else { preconditionFailure("slot \(slot) is free") }
      // Force-unwrapped in place, since only that mutates without a copy; checked one line above.
      // swift-format-ignore: NeverForceUnwrap
      yield &slots[slot]!
    }
  }
}
