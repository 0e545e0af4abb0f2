/// Values under small numbers that stay theirs until removed; freed numbers are used again.
///
/// They are kept in chunks: however many there are, one more moves none of them, and next to no room is
/// left over.
struct SlotArray<Element> {
  private static var chunkSize: Int { 256 }

  /// All full but the last one.
  private var chunks: [[Element]] = []
  private var isUsed: [Bool] = []
  private var free: [Int] = []

  var count: Int { isUsed.count - free.count }

  /// The numbers in use, ascending. Without the values, which are copied when they change in a loop over them
  /// otherwise.
  var indices: some Sequence<Int> { isUsed.indices.lazy.filter { [isUsed] in isUsed[$0] } }

  mutating func insert(_ element: consuming Element) -> Int {
    if let slot = free.popLast() {
      isUsed[slot] = true
      self[slot] = element
      return slot
    }
    let slot = isUsed.count
    if slot / Self.chunkSize == chunks.count {
      var chunk: [Element] = []
      // The first one grows as it needs to.
      if slot > 0 { chunk.reserveCapacity(Self.chunkSize) }
      chunks.append(chunk)
    }
    chunks[slot / Self.chunkSize].append(element)
    isUsed.append(true)
    return slot
  }

  /// Frees a number, which holds `vacant` from here on: no optional, so that the others are read where
  /// they are, without a copy.
  mutating func remove(_ slot: Int, leaving vacant: Element) {
    self[slot] = vacant
    isUsed[slot] = false
    free.append(slot)
  }

  func contains(_ slot: Int) -> Bool {
    isUsed.indices.contains(slot) && isUsed[slot]
  }

  /// The value under a number in use; any other number is a mistake of the caller and traps.
  subscript(slot: Int) -> Element {
    get {
      precondition(isUsed[slot], "a slot is free")
      return chunks[slot / Self.chunkSize][slot % Self.chunkSize]
    }
    _modify {
      precondition(isUsed[slot], "a slot is free")
      yield &chunks[slot / Self.chunkSize][slot % Self.chunkSize]
    }
  }
}
