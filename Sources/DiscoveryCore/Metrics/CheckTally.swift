/// What all health checks came to so far.
package struct CheckTally: Hashable, Sendable {
  /// What one check found; the raw value is its name in metrics.
  package enum Result: String, CaseIterable, Hashable, Sendable {
    /// It works.
    case success
    /// It answers, and says that it is not ready.
    case notReady = "not_ready"
    /// It does not work, or nothing answers.
    case failure
  }

  /// From what a machine in the same room needs to what a loading one does; the default timeout is
  /// a bound, and the longest that can be configured is 300 s.
  private static let bounds: [Duration] =
    [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000].map { .milliseconds($0) }

  package private(set) var counts: [Result: Int] = [:]
  /// How long each took, with all its requests, whatever it came to.
  package private(set) var durations = Histogram(bounds: bounds)

  package init() {}

  /// Counts a check that ended.
  package mutating func record(_ result: Result, taking duration: Duration) {
    counts[result, default: 0] += 1
    durations.observe(duration)
  }
}
