/// A sign of life that a loop gives, at least this often, as long as it goes round.
package struct Heartbeat: Sendable {
  package let interval: Duration
  /// Called where the loop runs; must return at once.
  package let beat: @Sendable () -> Void

  package init(each interval: Duration, beat: @escaping @Sendable () -> Void) {
    self.interval = interval
    self.beat = beat
  }
}
