import DiscoveryCore

/// How many resolvers may be started before others answer: where thousands of services are found together,
/// asking for all of them at the same time loses questions and answers at full sockets, and avahi-daemon asks for
/// those anew only after 1, 2 and 4 seconds.
///
/// The places that are taken are given back as answers come, and all of them when a period is over:
/// whoever has not answered by then keeps nobody waiting.
package struct ResolverPace: Sendable {
  /// Measured with 1,500 services: more lose packets now and then, fewer take longer.
  package static let places = 400
  /// The answers to 400 questions take 0.1 to 0.3 s.
  package static let period = Duration.milliseconds(300)

  private let places: Int
  private var free: Int
  /// The first resolver of the running period, and when that is over; nil while all places are free.
  private var running: (first: UInt32, end: Uptime)?

  package init(places: Int = Self.places) {
    self.places = places
    free = places
  }

  /// When places are given back; nil while none is taken.
  var nextDeadline: Uptime? { running?.end }

  /// Takes a place for a resolver; false when there is none.
  mutating func take(for resolver: AvahiTracker.ResolverID, at now: Uptime) -> Bool {
    if let running, running.end <= now { reset() }
    guard free > 0 else { return false }
    if running == nil { running = (resolver.number, now.advanced(by: Self.period)) }
    free -= 1
    return true
  }

  /// Gives all places back.
  mutating func reset() {
    free = places
    running = nil
  }

  /// A resolver that took a place asks no more.
  mutating func release(_ resolver: AvahiTracker.ResolverID) {
    // The numbers begin anew after 2³²; those of former periods have given their place back.
    guard let running, resolver.number &- running.first < UInt32.max / 2 else { return }
    free += 1
    if free == places { self.running = nil }
  }
}
