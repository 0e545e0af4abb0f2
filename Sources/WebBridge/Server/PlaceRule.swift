import DiscoveryCore

/// Who gives way to a newcomer when all places are taken: whoever holds the most of them, and of
/// theirs one that nobody would miss.
///
/// So no client keeps the others out, however many connections it holds, and one that takes them all
/// only takes its own.
package enum PlaceRule {
  /// A connection that has a place.
  package struct Holder: Hashable, Sendable {
    /// How many its peer has.
    package var connections: Int
    /// True when the newcomer is of the same peer.
    package var isOwn: Bool
    /// Since when it waits for a request, or the rest of one; nil while it is served.
    package var waiting: Uptime?
    /// Which it was, counted from the first connection.
    package var number: UInt64

    package init(connections: Int, isOwn: Bool, waiting: Uptime?, number: UInt64) {
      self.connections = connections
      self.isOwn = isOwn
      self.waiting = waiting
      self.number = number
    }
  }

  /// The number of the one that gives way; nil when the newcomer is refused. `connections` is how many
  /// the newcomer's peer has already.
  package static func victim(
    among holders: some Sequence<Holder>, forOneWith connections: Int
  ) -> UInt64? {
    var idle: (holder: Holder, waiting: Uptime)?
    var busy: Holder?
    for holder in holders {
      if let waiting = holder.waiting {
        // One's own, or of somebody who has more.
        guard holder.isOwn || holder.connections > connections else { continue }
        guard let best = idle else {
          idle = (holder, waiting)
          continue
        }
        let isBetter =
          holder.connections == best.holder.connections
          ? waiting < best.waiting : holder.connections > best.holder.connections
        if isBetter { idle = (holder, waiting) }
      } else if holder.connections > connections + 1 {
        // The newest: what has lasted is rather what somebody relies on.
        guard let best = busy else {
          busy = holder
          continue
        }
        let isBetter =
          holder.connections == best.connections
          ? holder.number > best.number : holder.connections > best.connections
        if isBetter { busy = holder }
      }
    }
    return idle?.holder.number ?? busy?.number
  }
}
