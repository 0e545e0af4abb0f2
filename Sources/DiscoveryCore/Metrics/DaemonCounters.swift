import Synchronization

/// What the daemon did since its start, counted by those who do it and read by `/metrics` on a thread
/// of its own: nobody waits for anybody for longer than a few numbers take to copy.
package final class DaemonCounters: Sendable {
  package struct Totals: Hashable, Sendable {
    /// Those that never occurred are absent.
    package var events: [LogEvent: Int] = [:]
    /// How often each reason to skip a sighting occurred; those that never did are absent.
    package var skips: [RegistryNotice.SkipReason: Int] = [:]
    package var checks = CheckTally()
    /// Multicast questions that went out, each a packet on one link.
    package var queries = 0

    package init() {}
  }

  private let current = Mutex(Totals())

  package init() {}

  package var totals: Totals { current.withLock { $0 } }

  /// Counts with `change`, which must be brief.
  package func count(_ change: (inout Totals) -> Void) {
    current.withLock { change(&$0) }
  }

  /// Counts one event.
  package func count(_ event: LogEvent) {
    count { $0.events[event, default: 0] += 1 }
  }
}
