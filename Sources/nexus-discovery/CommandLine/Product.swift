import DiscoveryCore

/// What the tool calls itself.
package enum Product {
  package static let name = "nexus-discovery"
  package static let version = "0.1.0"
  /// Where the daemon listens unless it is told otherwise.
  package static let socket = ServerSettings().socket
}
