/// How often durations fell between fixed bounds, and their sum: it grows with no number of them.
package struct Histogram: Hashable, Sendable {
  /// The upper bound of each bucket but the last, which has none; ascending.
  package let bounds: [Duration]
  private var counts: [Int]
  package private(set) var sum = Duration.zero

  /// `bounds` must ascend.
  package init(bounds: [Duration]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  /// Counts one duration; one that equals a bound is in that bound's bucket.
  package mutating func observe(_ duration: Duration) {
    counts[bounds.firstIndex { duration <= $0 } ?? bounds.count] += 1
    sum += duration
  }

  /// How many were at most as long as each bound; the last is the number of all.
  package var cumulativeCounts: [Int] {
    var total = 0
    return counts.map { count in
      total += count
      return total
    }
  }

  /// How many there were.
  package var count: Int { counts.reduce(0, +) }
}
