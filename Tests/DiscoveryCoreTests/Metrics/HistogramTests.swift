import DiscoveryCore
import DiscoveryTestKit
import Testing

@Suite struct HistogramTests {
  @Test("each duration is in the bucket of its bound, and in all above it")
  func cumulative() {
    var histogram = Histogram(bounds: [.milliseconds(5), .milliseconds(10), .seconds(1)])
    #expect(histogram.cumulativeCounts == [0, 0, 0, 0])
    for milliseconds in [0, 5, 6, 10, 11, 1000, 1001, 100_000] {
      histogram.observe(.milliseconds(milliseconds))
    }
    #expect(histogram.cumulativeCounts == [2, 4, 6, 8])
    #expect(histogram.count == 8)
    #expect(histogram.sum == .milliseconds(102_033))
  }

  @Test("counts never fall from one bound to the next, and the last is the number of all")
  func property() {
    var random = SeededGenerator(seed: 7)
    var histogram = CheckTally().durations
    for number in 1...500 {
      histogram.observe(.milliseconds(Int.random(in: 0...60_000, using: &random)))
      let counts = histogram.cumulativeCounts
      #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 <= $1 })
      #expect(counts.last == number && histogram.count == number)
    }
  }
}
