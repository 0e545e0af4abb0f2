import DiscoveryTestKit
import Testing

@testable import DiscoveryCore

@Suite struct FewTests {
  @Test(
    "a few values are what an array of them is, however they change",
    arguments: 0..<20 as Range<UInt64>)
  func like(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var few = Few<Int>()
    var array: [Int] = []
    for step in 0..<200 {
      let place = Int.random(in: 0...array.count, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0 where array.count < 4:
        few.insert(step, at: place)
        array.insert(step, at: place)
      case 1 where place < array.count:
        few[place] = step
        array[place] = step
      case 2:
        few.removeAll { $0 % 3 == step % 3 }
        array.removeAll { $0 % 3 == step % 3 }
      default:
        guard place < array.count else { continue }
        few.remove(at: place)
        array.remove(at: place)
      }
      #expect(Array(few) == array)
      guard array.count == 1 else { continue }
      guard case .one = few else {
        Issue.record("one value has a list")
        return
      }
    }
  }

  @Test("who has a copy keeps it as it was")
  func copies() {
    var few: Few<Int> = .many([1, 2])
    let copy = few
    few[0] = 3
    #expect(Array(copy) == [1, 2])
    #expect(Array(few) == [3, 2])
  }
}
