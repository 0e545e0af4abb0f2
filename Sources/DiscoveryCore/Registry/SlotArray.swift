/// Values under small numbers that stay theirs until removed; freed numbers are used again.
struct SlotArray<Element> {
  /// What a number that is free holds, so that the others are read where they are, without a copy.
  private let vacant: Element
  private var slots: [Element] = []
  private var isUsed: [Bool] = []
  private var free: [Int] = []

  init(vacant: Element) {
    self.vacant = vacant
  }

  var count: Int { slots.count - free.count }

  /// The numbers in use, ascending.
  var indices: some Sequence<Int> { isUsed.indices.lazy.filter { isUsed[$0] } }

  mutating func insert(_ element: Element) -> Int {
    guard let slot = free.popLast() else {
      // By a quarter at a time: twice the room would be much for what mostly stays as it is.
      if slots.count == slots.capacity { slots.reserveCapacity(slots.count + slots.count / 4 + 8) }
      slots.append(element)
      isUsed.append(true)
      return slots.count - 1
    }
    slots[slot] = element
    isUsed[slot] = true
    return slot
  }

  mutating func remove(_ slot: Int) {
    slots[slot] = vacant
    isUsed[slot] = false
    free.append(slot)
  }

  func contains(_ slot: Int) -> Bool {
    isUsed.indices.contains(slot) && isUsed[slot]
  }

  /// The value under a number in use; any other number is a mistake of the caller and traps.
  subscript(slot: Int) -> Element {
    _read {
      precondition(isUsed[slot], "a slot is free")
      yield slots[slot]
    }
    _modify {
      precondition(isUsed[slot], "a slot is free")
      yield &slots[slot]
    }
  }
}
