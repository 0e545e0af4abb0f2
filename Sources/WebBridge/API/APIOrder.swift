import DiscoveryCore

/// A change of the backends that somebody asks for.
package enum BackendChange: Hashable, Sendable {
  case add(RuntimeBackends.Wish)
  /// By id or name.
  case remove(String)
}

/// What somebody asks for over the API; what comes of it is decided elsewhere.
package enum APIOrder: Hashable, Sendable {
  case change(BackendChange)
  /// Read the configuration again.
  case reload

  /// What came of an order.
  package enum Outcome: Hashable, Sendable {
    case added(BackendID)
    /// It was there already, and is now as it was asked for.
    case updated(BackendID)
    case removed
    /// There is no backend of this id or name.
    case unknown(String)
    /// Why not, in a sentence for people.
    case refused(String)
    /// The configuration is in force.
    case reloaded
    /// The configuration is wrong, with a line for each problem; the old one stays in force.
    case rejected([String])
  }

  /// Whose order it is.
  package struct Ticket: Hashable, Sendable {
    let descriptor: Int32
    let number: UInt64
  }

  /// An outcome on its way to who asked for it.
  struct Reply: Sendable {
    let ticket: Ticket
    let outcome: Outcome
    /// Its answer waits until the server knows this revision: who then asks sees the change.
    let revision: UInt64
  }
}
