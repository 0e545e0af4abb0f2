/// A producer of sightings. It owns facts; the registry owns the truth.
package protocol DiscoverySource: Sendable {
  var kind: SourceKind { get }

  /// Reports what it sees until the task is cancelled. Events arrive in order; `sink` returns when
  /// the registry has taken them, so a source that waits for it can never run ahead.
  func run(emitting sink: @escaping @Sendable ([DiscoveryEvent]) async -> Void) async throws
}
