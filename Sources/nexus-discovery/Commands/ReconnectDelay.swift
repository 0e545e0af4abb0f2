/// How long to wait before a daemon that went is asked for again: hardly at first, then longer and
/// longer, and never so that many who lost it come at once.
package struct ReconnectDelay: Sendable {
  package static let shortest = Duration.milliseconds(200)
  package static let longest = Duration.seconds(10)

  /// The next wait is this long at least, and twice as long at most.
  private var least = shortest

  package init() {}

  /// The next wait.
  package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
    defer { least = min(least * 2, Self.longest / 2) }
    return least * Double.random(in: 1...2, using: &generator)
  }

  /// The daemon was there for this long. One that keeps ending at once is not asked for more often.
  package mutating func connectionLasted(_ duration: Duration) {
    if duration >= Self.longest { least = Self.shortest }
  }
}
