import DiscoveryTestKit
import Testing

@testable import DiscoveryCore

@Suite struct SlotTests {
  /// A slot and the hash of its key, of which few differ: most keys meet others.
  private struct Entry: Hashable {
    let slot: Int
    let hash: UInt32
  }

  @Test(
    "the index finds what was entered and not taken out, however often hashes meet",
    arguments: 0..<20)
  func index(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    var index = SlotIndex()
    var model: Set<Entry> = []
    for _ in 0..<2000 {
      // Also those that are entered at the end and go on at the beginning of the table.
      let hash = UInt32.random(in: 0..<12, using: &random) &- 6
      let entry = Entry(slot: Int.random(in: 0..<30, using: &random), hash: hash)
      if model.contains(entry) {
        model.remove(entry)
        index.remove(entry.slot, entry.hash)
      } else if random.chance(60) {
        model.insert(entry)
        index.insert(entry.slot, entry.hash)
      } else {
        index.remove(entry.slot, entry.hash)
      }
      #expect(index.count == model.count)
    }
    for slot in 0..<30 {
      for hash in 0..<12 {
        let entry = Entry(slot: slot, hash: UInt32(hash) &- 6)
        let found = index.slot(entry.hash) { $0 == slot }
        #expect(found == (model.contains(entry) ? slot : nil))
      }
    }
    for entry in model { index.remove(entry.slot, entry.hash) }
    #expect(index.count == 0)
    #expect(model.allSatisfy { index.slot($0.hash) { _ in true } == nil })
  }

  @Test("a freed number is used again, and only those in use are listed")
  func reuse() {
    var array = SlotArray<String>()
    let slots = ["a", "b", "c"].map { array.insert($0) }
    array.remove(slots[1], leaving: "")
    #expect(Array(array.indices) == [slots[0], slots[2]])
    #expect(array.count == 2)
    #expect(!array.contains(slots[1]))
    #expect(!array.contains(99))
    #expect(array.insert("d") == slots[1])
    array[slots[1]] += "!"
    #expect(array[slots[1]] == "d!")
    #expect(array[slots[2]] == "c")
  }

  @Test("each of many values stays under its number")
  func many() {
    var array = SlotArray<Int>()
    for number in 0..<1000 {
      let slot = array.insert(number)
      #expect(slot == number)
    }
    for slot in stride(from: 0, to: 1000, by: 3) { array.remove(slot, leaving: -1) }
    for slot in array.indices { array[slot] += 1 }
    #expect(array.count == 666)
    #expect(array.indices.allSatisfy { array[$0] == $0 + 1 })
  }

  @Test("what copies of a sighting share stays as it was when one of them changes")
  func copies() {
    let original = Sighting.mdns()
    var copy = original
    #expect(copy == original)
    copy.port = 1
    copy.addresses.append(.of("10.0.0.9"))
    #expect(original == .mdns())
    #expect(copy != original)
    #expect(copy.addresses.count == 2)
  }

  @Test("what copies of a backend share stays as it was when one of them changes")
  func backends() throws {
    var state = RegistryState(network: .oneInterface)
    _ = state.apply(.serviceFound(.mdns()), from: .mdns, at: .testStart)
    let original = try #require(state.find("gpu1"))
    var copy = original
    copy.isStale = true
    copy.lastCheck = HealthReport(at: Moment.testStart.wall, latency: nil, error: "x")
    #expect(!original.isStale)
    #expect(original.lastCheck == nil)
    #expect(copy.lastCheck?.error == "x")
    copy.isStale = false
    copy.lastCheck = nil
    #expect(copy == original)
    #expect(copy.hashValue == original.hashValue)
  }
}
