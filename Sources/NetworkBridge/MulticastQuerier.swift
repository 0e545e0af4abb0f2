import DiscoveryCore

/// What became of one round of questions.
package struct QueryOutcome: Hashable, Sendable {
  /// A link that could not be asked, or not with everything.
  package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    package let interface: String
    package let family: Address.Family
    package let cause: NetworkFailure

    /// `eth0, ipv6: sendto: Network is unreachable`.
    package var description: String { "\(interface), \(family): \(cause)" }
  }

  /// How many packets with questions went out.
  package var packets = 0
  /// At most one for each link and family.
  package var failures: [Failure] = []

  package init() {}
}

/// Puts questions onto this machine's links.
///
/// avahi-daemon itself asks again only after 1, 2, 4 … 3600 seconds, and a new browser makes it
/// ask nothing; so an announcement that was lost on the way could stay unseen for an hour. It
/// hears the answers to these questions as if they were its own.
package enum MulticastQuerier {
  /// Asks once who offers `types` at each of `targets`; `known` gives the resolved instances that
  /// were seen there, on that interface and over that family: who is known over one alone shall
  /// answer over the other.
  ///
  /// It never blocks, and needs no privilege. What fails on one link keeps no other from being
  /// asked.
  package static func ask(
    _ types: [ServiceType], at targets: [QueryTarget], known: (QueryTarget) -> [ServiceInstance]
  ) -> QueryOutcome {
    send(to: targets) { QueryMessage.messages(asking: types, known: known($0)) }
  }

  /// Sends each target its messages.
  package static func send(
    to targets: [QueryTarget], messages: (QueryTarget) -> [QueryMessage]
  ) -> QueryOutcome {
    var outcome = QueryOutcome()
    for target in targets {
      do throws(NetworkFailure) {
        let socket = try MulticastSocket(for: target)
        try socket.prepare()
        for message in messages(target) {
          try socket.send(message.bytes)
          if !message.questions.isEmpty { outcome.packets += 1 }
        }
      } catch {
        outcome.failures.append(
          QueryOutcome.Failure(interface: target.interface, family: target.family, cause: error))
      }
    }
    return outcome
  }
}
