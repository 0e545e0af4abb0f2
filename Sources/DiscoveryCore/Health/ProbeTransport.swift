/// What carries a health check's requests: an HTTP client that does just what it is told.
package protocol ProbeTransport: Sendable {
  /// Sends one request and returns its answer, within the request's limits.
  ///
  /// It follows no redirect, keeps no cookie, asks no proxy, looks no name up, and ends at once with
  /// `.cancelled` when its task is cancelled.
  func send(_ request: ProbeRequest) async -> Result<ProbeResponse, ProbeError>
}
