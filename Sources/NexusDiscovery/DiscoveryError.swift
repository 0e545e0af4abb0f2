import DiscoveryCore

/// Why the network cannot be asked for servers.
public enum DiscoveryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A text is no service type; the message names the rule that it breaks.
  case invalidServiceType(String)
  /// Nothing is heard of the network, since avahi-daemon does not answer; the message says why.
  case unavailable(String)

  /// One line for people.
  public var description: String {
    switch self {
    case .invalidServiceType(let reason): reason
    case .unavailable(let reason): "cannot listen to the network: \(reason)"
    }
  }
}

extension DiscoveryError {
  /// What a source's state means to who waits for what it hears; nil while it works.
  init?(_ status: SourceStatus?) {
    guard status?.state != .up else { return nil }
    self = .unavailable(status?.lastError ?? "avahi-daemon does not answer")
  }
}
