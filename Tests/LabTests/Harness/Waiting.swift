import Foundation

/// Waits until `condition` gives a value, asking at most every 50 ms: only for what cannot be waited
/// for by itself, as a line of output can.
func eventually<Value: Sendable>(
  within limit: Duration, _ what: String, _ condition: () async throws -> Value?
) async throws -> Value {
  let deadline = ContinuousClock.now + limit
  while true {
    if let value = try await condition() { return value }
    guard ContinuousClock.now < deadline else { throw LabError("waited \(limit) for \(what)") }
    try await Task.sleep(for: .milliseconds(50))
  }
}

/// Lets real time pass where that is what the test is about: an outage's length, an idle stretch.
func letTimePass(_ duration: Duration) async throws {
  try await Task.sleep(for: duration)
}
