/// Who sends requests over a connection, as far as it decides what is done for them.
package enum Requester: Hashable, Sendable {
  /// A process of this machine, over the Unix socket; whether it may change what the daemon knows.
  case local(mayChange: Bool)
  /// Whoever reaches the TCP listener: may read, no more.
  case network
}
