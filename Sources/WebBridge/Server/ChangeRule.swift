import Glibc

/// Who of this machine may change what the daemon knows: root, the daemon's own user, and the members
/// of a group.
package struct ChangeRule: Hashable, Sendable {
  /// The daemon's own user.
  package var ownUser: UInt32
  /// nil where there is no such group: then nobody is in it.
  package var group: UInt32?

  package init(ownUser: UInt32, group: UInt32? = nil) {
    self.ownUser = ownUser
    self.group = group
  }

  /// The rule for this process and the group of that name, which is looked up once (getgrnam_r(3)).
  package init(groupNamed name: String) {
    self.init(ownUser: geteuid(), group: Self.identifier(ofGroup: name))
  }

  /// Whom a user namespace has no number for is shown as this one (user_namespaces(7),
  /// /proc/sys/kernel/overflowuid): it is nobody in particular.
  private static let overflow: UInt32 = 65_534

  package func allows(_ peer: PeerCredentials) -> Bool {
    if peer.user == 0 || peer.user == ownUser && ownUser != Self.overflow { return true }
    guard let group, group != Self.overflow else { return false }
    return peer.group == group || peer.groups.contains(group)
  }

  private static func identifier(ofGroup name: String) -> UInt32? {
    // A group's members stand in the buffer too, so there may be many kilobytes of it.
    var buffer = [CChar](repeating: 0, count: 4096)
    while true {
      var entry = Glibc.group()
      var found: UnsafeMutablePointer<Glibc.group>?
      switch getgrnam_r(name, &entry, &buffer, buffer.count, &found) {
      case 0: return found == nil ? nil : entry.gr_gid
      case EINTR: continue
      case ERANGE where buffer.count < 1 << 24:
        buffer = [CChar](repeating: 0, count: buffer.count * 4)
      default: return nil
      }
    }
  }
}
