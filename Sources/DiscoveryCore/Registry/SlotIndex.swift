/// Finds the slots of values by what these are known as, their keys.
///
/// It holds no key, only a hash of each beside its slot: a registry of many servers is searched and
/// grows without touching them. Who asks says whether a slot is the one that is meant. Open addressing
/// with linear probing; the hashes are seeded for each process (SE-0206).
package struct SlotIndex: Sendable {
  private struct Place {
    static let free = Place(hash: 0, slot: .max)

    var hash: UInt32
    /// `.max` where there is none.
    var slot: UInt32

    var isFree: Bool { slot == .max }
  }

  /// A power of two of them, at most three quarters taken.
  private var places: [Place] = []

  /// How many keys are in it.
  package private(set) var count = 0

  package init() {}

  /// The slot under a key with this hash for which `isMeant`; nil with none.
  package func slot(_ hash: UInt32, where isMeant: (Int) -> Bool) -> Int? {
    guard count > 0 else { return nil }
    var index = home(of: hash)
    while !places[index].isFree {
      if places[index].hash == hash, isMeant(Int(places[index].slot)) {
        return Int(places[index].slot)
      }
      index = next(index)
    }
    return nil
  }

  /// Enters a slot under a key with this hash, which is not in it.
  package mutating func insert(_ slot: Int, _ hash: UInt32) {
    if 4 * (count + 1) > 3 * places.count { grow() }
    put(Place(hash: hash, slot: UInt32(slot)))
    count += 1
  }

  /// Takes a slot out that is in it under a key with this hash; nothing comes of another.
  package mutating func remove(_ slot: Int, _ hash: UInt32) {
    guard count > 0 else { return }
    var gap = home(of: hash)
    while places[gap].slot != UInt32(slot) || places[gap].hash != hash {
      guard !places[gap].isFree else { return }
      gap = next(gap)
    }
    // What follows moves up, unless it would come before its home.
    var index = next(gap)
    while !places[index].isFree {
      let distance = (index &- home(of: places[index].hash)) & (places.count - 1)
      if distance >= (index &- gap) & (places.count - 1) {
        places[gap] = places[index]
        gap = index
      }
      index = next(index)
    }
    places[gap] = .free
    count -= 1
  }

  private func home(of hash: UInt32) -> Int { Int(hash) & (places.count - 1) }

  private func next(_ index: Int) -> Int { (index + 1) & (places.count - 1) }

  private mutating func put(_ place: Place) {
    var index = home(of: place.hash)
    while !places[index].isFree { index = next(index) }
    places[index] = place
  }

  private mutating func grow() {
    let former = places
    places = Array(repeating: .free, count: max(8, 2 * former.count))
    for place in former where !place.isFree { put(place) }
  }
}

extension Hashable {
  /// The hash under which it is entered.
  package var indexHash: UInt32 { UInt32(truncatingIfNeeded: hashValue) }
}
