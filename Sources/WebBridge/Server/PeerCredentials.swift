import Glibc

/// Whose process connected to a Unix socket, as it was at that moment (unix(7)): what it has become
/// since, and to whom it has handed the connection, changes nothing.
package struct PeerCredentials: Hashable, Sendable {
  package var user: UInt32
  package var group: UInt32
  /// Its supplementary groups.
  package var groups: [UInt32]

  package init(user: UInt32, group: UInt32, groups: [UInt32] = []) {
    self.user = user
    self.group = group
    self.groups = groups
  }

  /// Of the other end of `descriptor` (SO_PEERCRED, SO_PEERGROUPS); nil where the kernel does not tell.
  package init?(of descriptor: Int32) {
    // struct ucred of socket(7), which glibc hides.
    var peer: (pid: Int32, user: UInt32, group: UInt32) = (0, 0, 0)
    var size = socklen_t(MemoryLayout.size(ofValue: peer))
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 else { return nil }
    user = peer.user
    group = peer.group
    groups = Self.groups(of: descriptor)
  }

  /// Empty where they cannot be told: who is in no group has no right by one.
  private static func groups(of descriptor: Int32) -> [UInt32] {
    var groups = [UInt32](repeating: 0, count: 64)
    let unit = MemoryLayout<UInt32>.size
    while true {
      var size = socklen_t(groups.count * unit)
      if getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, &groups, &size) == 0 {
        return Array(groups.prefix(Int(size) / unit))
      }
      // The kernel says how much it needs.
      guard errno == ERANGE, Int(size) / unit > groups.count else { return [] }
      groups = [UInt32](repeating: 0, count: Int(size) / unit)
    }
  }
}
