/// Something that keeps a source from telling all that there is.
package struct SourceLimit: Hashable, Sendable {
  /// Which limit; the raw value is its name for programs.
  package enum Name: String, CaseIterable, Hashable, Sendable {
    /// avahi-daemon's cache is full.
    case avahiCache = "avahi_cache"
    /// avahi-daemon grants no more objects.
    case avahiObjects = "avahi_objects"
    /// The source follows as many sightings as it may.
    case sightings
  }

  package let name: Name
  /// One sentence for people: what is reached, and how it is raised.
  package let message: String

  package init(name: Name, message: String) {
    self.name = name
    self.message = message
  }
}
