import DiscoveryCore

// Who has a place, and who gives way.
extension ServiceLoop {
  /// False when all places that `peer` could have are taken and nobody gives way.
  func makePlace(for peer: Peer) -> Bool {
    let isLocal = peer.isLocal
    let taken = shares.values.reduce(0) { $0 + ($1.peer.isLocal == isLocal ? $1.connections : 0) }
    guard taken >= setup.placesOfEachKind else { return true }
    let own = shares[peer]
    let holders = clients.values.lazy
      .filter { $0.share.peer.isLocal == isLocal && !$0.isLeaving }
      .map { [self] client in
        PlaceRule.Holder(
          connections: client.share.connections, isOwn: client.share === own,
          waiting: isBlocked(client) ? nil : client.connection.waitingSince,
          number: client.number)
      }
    guard
      let number = PlaceRule.victim(among: holders, forOneWith: own?.connections ?? 0),
      let victim = clients.values.first(where: { $0.number == number })
    else { return false }
    victim.isLeaving = true
    release(victim.share)
    drop(victim)
    return true
  }

  /// One of a peer's connections is over.
  func release(_ share: PeerShare) {
    share.connections -= 1
    if share.connections == 0 { shares[share.peer] = nil }
  }
}
