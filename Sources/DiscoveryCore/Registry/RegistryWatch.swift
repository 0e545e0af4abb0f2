/// The registry's updates as they are committed: first a snapshot, then changes, each revision in
/// order; a reader that falls behind the registry's history gets a snapshot again.
///
/// Nothing is buffered for it: it holds a position and reads on from there.
package struct RegistryWatch: AsyncSequence, Sendable {
  package typealias Element = RegistryUpdate

  /// What a watcher has seen.
  struct Position: Hashable, Sendable {
    /// Nil before the first snapshot.
    var revision: UInt64?
    var status: UInt64?
    var checks: UInt64?
  }

  private let registry: Registry
  private let start: UInt64?

  init(registry: Registry, after revision: UInt64?) {
    self.registry = registry
    start = revision
  }

  package func makeAsyncIterator() -> Iterator {
    Iterator(registry: registry, position: Position(revision: start))
  }

  package struct Iterator: AsyncIteratorProtocol, Sendable {
    fileprivate let registry: Registry
    fileprivate var position: Position

    /// The next update, as soon as there is one; nil once the task is cancelled.
    package mutating func next() async -> RegistryUpdate? {
      guard let (update, reached) = await registry.update(after: position) else { return nil }
      position = reached
      return update
    }
  }
}
