import Foundation

/// Waits until `condition` gives a value, asking at most every 50 ms: only for what cannot be waited
/// for by itself, as a line of output can.
///
/// The last time it asks is after the deadline, however long the machine was busy with other things.
func eventually<Value: Sendable>(
  within limit: Duration, _ what: String, _ condition: () async throws -> Value?
) async throws -> Value {
  let deadline = ContinuousClock.now + limit
  while true {
    let isLast = ContinuousClock.now >= deadline
    if let value = try await condition() { return value }
    if isLast { throw LabError("waited \(limit) for \(what)") }
    try await Task.sleep(for: .milliseconds(50))
  }
}

/// Lets real time pass where that is what the test is about: an outage's length, an idle stretch.
func letTimePass(_ duration: Duration) async throws {
  try await Task.sleep(for: duration)
}

/// Lets real time pass until so long after a moment; not at all when that was earlier.
func letTimePass(_ duration: Duration, after moment: ContinuousClock.Instant) async throws {
  try await Task.sleep(until: moment + duration, clock: .continuous)
}
