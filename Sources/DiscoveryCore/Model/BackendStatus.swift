/// What the last health checks say of a backend.
package enum BackendStatus: String, CaseIterable, Hashable, Sendable, Codable {
  case unknown
  case healthy
  case unhealthy
}
