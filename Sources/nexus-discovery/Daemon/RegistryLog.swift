import DiscoveryCore

/// Writes what the registry does to the log.
struct RegistryLog: Sendable {
  let log: Log

  /// Logs each change; when the log is too slow to follow, it says how many it missed.
  func follow(_ registry: Registry) async {
    var seen = registry.firstRevision
    for await update in registry.watch(after: seen) {
      switch update.content {
      case .changes(let changes):
        for change in changes {
          log.write(Self.record(for: change))
          seen = change.revision
        }
      case .snapshot(let snapshot):
        if snapshot.revision > seen {
          log.warn(
            "the log fell behind: \(snapshot.revision - seen) changes are not shown,"
              + " \(snapshot.backends.count) backends are known now")
        }
        seen = snapshot.revision
      }
    }
  }

  /// Logs each notice; a flood is cut to what the registry keeps for us, and counted. `onRoom` is
  /// called when what was refused for want of room may come again.
  func followNotices(of registry: Registry, onRoom: @Sendable () -> Void) async {
    var dropped = 0
    for await notice in registry.notices {
      log.write(.record(for: notice))
      if notice == .roomAgain { onRoom() }
      let droppedNow = await registry.droppedNotices
      if droppedNow > dropped {
        log.warn("\(droppedNow - dropped) notices were too many to log")
        dropped = droppedNow
      }
    }
  }

  /// How long after its discovery a backend's further addresses are still part of that.
  private static let discoveryTime = Duration.seconds(2)

  /// An update that tells a person nothing new is for debugging only: that a backend's source went
  /// down or came up is one line of the source's, and the further addresses of a backend that was
  /// just discovered belong to its discovery.
  private static func record(for change: RegistryChange) -> LogRecord {
    var record = LogRecord.record(for: change)
    let backend = change.backend
    guard change.kind == .updated, var previous = change.previous else { return record }
    previous.isStale = backend.isStale
    previous.lastSeen = backend.lastSeen
    if backend.lastSeen <= backend.firstSeen.advanced(by: discoveryTime) {
      previous.addresses = backend.addresses
      previous.interfaces = backend.interfaces
    }
    if previous == backend { record.level = .debug }
    return record
  }
}
