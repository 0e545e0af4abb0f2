import DiscoveryCore

/// Values by their ids, each in a slot that stays its own until it is removed.
///
/// A value itself says what its id is; beside it there is only a hash of that.
struct SlotTable<Element: Identifiable> {
  typealias Slot = UInt32

  private var slots: [Element?] = []
  private var free: [Slot] = []
  private var index = SlotIndex()

  var count: Int { index.count }

  /// All values, in no order.
  var all: some Sequence<Element> { slots.lazy.compactMap { $0 } }

  /// The value that is called so; nil, given or taken, for none.
  subscript(id: Element.ID) -> Element? {
    get { slot(of: id).flatMap { slots[Int($0)] } }
    set {
      if let slot = slot(of: id) {
        slots[Int(slot)] = newValue
        if newValue == nil {
          index.remove(Int(slot), id.indexHash)
          free.append(slot)
        }
      } else if let newValue {
        index.insert(Int(insert(newValue)), id.indexHash)
      }
    }
  }

  /// The value in a slot; nil where there is none.
  subscript(slot slot: Slot) -> Element? {
    Int(slot) < slots.count ? slots[Int(slot)] : nil
  }

  func slot(of id: Element.ID) -> Slot? {
    index.slot(id.indexHash) { slots[$0]?.id == id }.map(Slot.init)
  }

  private mutating func insert(_ element: Element) -> Slot {
    if let slot = free.popLast() {
      slots[Int(slot)] = element
      return slot
    }
    // By an eighth, not to twice what there is: most stay for long.
    if slots.count == slots.capacity { slots.reserveCapacity(slots.count + slots.count / 8 + 16) }
    slots.append(element)
    return Slot(slots.count - 1)
  }
}

extension SlotTable: Sendable where Element: Sendable {}
