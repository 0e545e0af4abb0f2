/// What whoever publishes this machine's services says of them; each `AnnouncedService.ID` is the one
/// that was asked for.
package enum PublisherEvent: Hashable, Sendable {
  /// It is on the air, under `instance` on a host of the name `host`: the name that was asked for, or
  /// the alternative to it where another host or service has that. Said again when a name changes.
  case announced(AnnouncedService, instance: String, host: String)
  /// It is on the air no more, for a short reason.
  case withdrawn(AnnouncedService.ID, instance: String, reason: String)
  /// It cannot be published; said once, until that changes.
  case refused(AnnouncedService.ID, reason: String)
  /// Publishing works (again).
  case up
  /// Nothing can be published for now, and why; said once, until that changes.
  case down(reason: String)
}
