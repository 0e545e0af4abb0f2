import CAvahi
import DiscoveryCore

/// Spreads objects over as many AvahiClients as they need: avahi-daemon allows each 1024
/// (`objects-per-client-max`). Confined to the queue of its poll adapter.
final class AvahiClientPool: AvahiClients {
  /// Enough for the most sightings that a tracker follows by default, each with a resolver, and for
  /// the hosts that they name.
  static let maximumClients = 64

  private let poll: AvahiPollAdapter
  private let deliver: (AvahiTracker.Input) -> Void
  private let stateDidChange: () -> Void
  private var connections: [AvahiConnection] = []
  /// The daemon refused another client; true until an object was freed.
  private var isRefusedClients = false

  /// `deliver` and `stateDidChange` as `AvahiConnection` has them.
  init(
    poll: AvahiPollAdapter, deliver: @escaping (AvahiTracker.Input) -> Void,
    stateDidChange: @escaping () -> Void
  ) {
    self.poll = poll
    self.deliver = deliver
    self.stateDidChange = stateDidChange
  }

  /// Of the first client, unless another one has failed; nil without any.
  var state: AvahiClient.State? {
    connections.contains { $0.state == .failed } ? .failed : connections.first?.state
  }

  /// Makes the first client.
  func open() throws(AvahiError) {
    closeAll()
    connections = [try connection()]
  }

  /// Frees all clients with all their objects, without asking the daemon.
  func closeAll() {
    for connection in connections { connection.close() }
    connections = []
    isRefusedClients = false
  }

  /// Makes `object` where there is room.
  func start(_ object: AvahiObject) throws(AvahiError) {
    for connection in connections where !connection.isFull {
      if try start(object, on: connection) { return }
    }
    guard connections.count < Self.maximumClients, !isRefusedClients else {
      throw AvahiError(operation: "AvahiClientPool", code: AVAHI_ERR_TOO_MANY_OBJECTS)
    }
    let added: AvahiConnection
    do throws(AvahiError) {
      added = try connection()
    } catch {
      isRefusedClients = error.isOutOfObjects
      throw error
    }
    connections.append(added)
    guard try start(object, on: added) else {
      throw AvahiError(operation: "AvahiClientPool", code: AVAHI_ERR_TOO_MANY_OBJECTS)
    }
  }

  /// Frees the object; nothing when there is none such.
  func stop(_ key: AvahiObject.Key) throws(AvahiError) {
    isRefusedClients = false
    for connection in connections {
      if try connection.stop(key) { return }
    }
  }

  /// False when the client is full.
  private func start(
    _ object: AvahiObject, on connection: AvahiConnection
  ) throws(AvahiError) -> Bool {
    do throws(AvahiError) {
      try connection.start(object)
    } catch {
      guard error.isClientFull else { throw error }
      return false
    }
    return true
  }

  private func connection() throws(AvahiError) -> AvahiConnection {
    try AvahiConnection(poll: poll, deliver: deliver, stateDidChange: stateDidChange)
  }
}
