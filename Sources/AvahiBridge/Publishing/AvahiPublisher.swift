import DiscoveryCore
import Synchronization

/// Publishes this machine's services through avahi-daemon.
package final class AvahiPublisher: Sendable {
  private struct State {
    var services: [AnnouncedService] = []
    var standing: PublisherSession.Standing
    var session: PublisherSession?
  }

  private let state: Mutex<State>

  /// `alternatives`: under which name a service went on the air instead, in an earlier run; the key has
  /// the wanted instance name (with %h expanded).
  package init(alternatives: [AnnouncedService.ID: String] = [:]) {
    state = Mutex(State(standing: PublisherSession.Standing(alternatives: alternatives)))
  }

  /// The alternatives as they are now, for keeping over restarts.
  package var alternatives: [AnnouncedService.ID: String] {
    state.withLock { $0.standing.alternatives }
  }

  /// True while avahi-daemon's own configuration forbids publishing: the reason of `down`, of which
  /// there is no end until avahi-daemon is started with another.
  package var isForbidden: Bool {
    state.withLock { $0.standing.isForbidden }
  }

  /// What is to be on the air from now on: all of it. Never waits. May be called before and during
  /// `run`.
  package func publish(_ services: [AnnouncedService]) {
    state.withLock { state in
      state.services = services
      state.session?.tell { $0.publish(services) }
    }
  }

  /// Publishes until the task is cancelled, then withdraws everything (goodbyes) and returns; it
  /// returns within 1 s even when Avahi hangs, if `sink` does. Events come in order, in batches, also
  /// the last withdrawals.
  package func run(emitting sink: @escaping @Sendable ([PublisherEvent]) async -> Void) async {
    guard !Task.isCancelled else { return }
    let session = begin()
    await withTaskCancellationHandler {
      var onAir: [AnnouncedService.ID: String] = [:]
      while let events = await session.mailbox.next() {
        for event in events {
          switch event {
          case .announced(let service, let instance, _): onAir[service.id] = instance
          case .withdrawn(let id, _, _): onAir[id] = nil
          case .refused, .up, .down: break
          }
        }
        await sink(events)
      }
      // avahi-daemon sees to it as soon as it goes on: nobody is connected to it any more.
      let rest = onAir.sorted { $0.key < $1.key }.map { id, instance in
        PublisherEvent.withdrawn(id, instance: instance, reason: AvahiReason.daemonHangs)
      }
      if !rest.isEmpty { await sink(rest) }
    } onCancel: {
      session.stop()
    }
    state.withLock { state in
      if state.session === session { state.session = nil }
    }
  }

  private func begin() -> PublisherSession {
    state.withLock { state in
      let session = PublisherSession(alternatives: state.standing.alternatives) {
        [weak self] standing in
        self?.state.withLock { $0.standing = standing }
      }
      state.session = session
      let services = state.services
      session.tell { $0.publish(services) }
      return session
    }
  }
}
