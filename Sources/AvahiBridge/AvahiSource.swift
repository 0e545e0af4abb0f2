import DiscoveryCore
import Synchronization

/// What multicast DNS says, heard through avahi-daemon.
package final class AvahiSource: DiscoverySource {
  private struct State {
    var settings: AvahiTracker.Settings
    var session: AvahiSession?
  }

  private let state: Mutex<State>

  package init(settings: DiscoverySettings) {
    state = Mutex(State(settings: AvahiTracker.Settings(settings)))
  }

  package var kind: SourceKind { .mdns }

  /// Reports what Avahi hears until the task is cancelled. It never throws: Avahi being away is an
  /// event, and it is waited for. Returns at once on cancellation, even while Avahi hangs.
  package func run(emitting sink: @escaping @Sendable ([DiscoveryEvent]) async -> Void) async {
    let session = state.withLock { state in
      let session = AvahiSession(settings: state.settings)
      state.session = session
      return session
    }
    session.tell { $0.start() }
    while let events = await session.mailbox.next() { await sink(events) }
    // The closure keeps the session until its queue has freed what Avahi holds.
    session.tell { $0.stop() }
    state.withLock { state in
      if state.session === session { state.session = nil }
    }
  }

  /// Takes other service types, interfaces or address families while it runs; never waits.
  package func update(settings: DiscoverySettings) {
    let settings = AvahiTracker.Settings(settings)
    state.withLock { state in
      state.settings = settings
      state.session?.tell { $0.configure(settings) }
    }
  }

  /// Tells of each service that is there once more, for whoever refused some and wants to judge them
  /// anew; never waits.
  package func repeatAll() {
    state.withLock { state in
      state.session?.tell { $0.repeatAll() }
    }
  }
}
