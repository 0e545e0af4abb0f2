import DiscoveryTestKit
import Testing

@testable import AvahiBridge

@Suite("Slot table")
struct SlotTableTests {
  private struct Item: Identifiable, Equatable {
    let id: String
    var value: Int
  }

  @Test("it holds what a dictionary holds, and each value keeps its slot", arguments: 0..<20)
  func likeADictionary(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = SlotTable<Item>()
    var expected: [String: Item] = [:]
    var slots: [String: SlotTable<Item>.Slot] = [:]
    for step in 0..<2000 {
      let id = "item \(Int.random(in: 0..<200, using: &random))"
      let item = Bool.random(using: &random) ? Item(id: id, value: step) : nil
      let former = slots[id]
      table[id] = item
      expected[id] = item
      slots[id] = table.slot(of: id)
      if former != nil, item != nil { #expect(slots[id] == former) }
      #expect((slots[id] != nil) == (item != nil))
    }
    #expect(table.count == expected.count)
    #expect(Set(slots.values).count == expected.count)
    #expect(table.all.sorted { $0.id < $1.id } == expected.values.sorted { $0.id < $1.id })
    for (id, slot) in slots {
      #expect(table[id] == expected[id])
      #expect(table[slot: slot] == expected[id])
    }
    #expect(table[slot: 1_000_000] == nil)
  }
}
