import DiscoveryCore

// What goes into PublisherState and what comes out of it.

extension PublisherState {
  package typealias ID = AnnouncedService.ID

  /// What became of an entry group (AvahiEntryGroupState).
  package enum GroupState: Hashable, Sendable {
    case uncommitted
    case registering
    case established
    /// Another host has the name.
    case collision
    case failure(reason: String)
  }

  /// Why a service could not be put into a group.
  package enum Obstacle: Hashable, Sendable {
    /// This host has the name already, for another program or another service of ours.
    case collision
    /// avahi-daemon's configuration forbids all publishing; `reason` names the setting.
    case notPermitted(reason: String)
    case other(reason: String)
  }

  /// What happened.
  package enum Input: Hashable, Sendable {
    /// All that is to be on the air from now on.
    case wanted([AnnouncedService])
    /// avahi-daemon can be asked, but settles the host's name.
    case settling
    /// The host has this name.
    case running(host: String)
    /// avahi-daemon cannot be asked (any more), and all groups are gone; a sentence for people.
    case disconnected(reason: String)
    /// `publish` was done.
    case committed(ID)
    /// `publish` was not done.
    case obstructed(ID, Obstacle)
    /// `update` was not done.
    case updateFailed(ID)
    /// A group, as it is with what was published last.
    case group(ID, GroupState)
    /// `nextDeadline` has come.
    case tick
    /// Nothing is to be published any more, for good.
    case stop
  }

  /// What to do, in this order.
  package enum Action: Hashable, Sendable {
    /// Make the service's group or empty it, and commit it with the service under that name.
    case publish(AnnouncedService, instance: String)
    /// Replace the TXT record of what is published.
    case update(AnnouncedService, instance: String)
    /// Empty the group, which says goodbye, but keep it.
    case reset(ID)
    /// Give the group back, which says goodbye.
    case free(ID)
    case emit(PublisherEvent)
  }
}
