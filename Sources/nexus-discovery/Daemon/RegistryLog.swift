import DiscoveryCore

/// Writes what the registry does to the log.
struct RegistryLog: Sendable {
  let log: Log

  /// Logs each change; when the log is too slow to follow, it says how many it missed.
  func follow(_ registry: Registry) async {
    var seen: UInt64 = 0
    for await update in registry.watch(after: 0) {
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

  /// Logs each notice; a flood is cut to what the registry keeps for us, and counted.
  func followNotices(of registry: Registry) async {
    var dropped = 0
    for await notice in registry.notices {
      log.write(.record(for: notice))
      let droppedNow = await registry.droppedNotices
      if droppedNow > dropped {
        log.warn("\(droppedNow - dropped) notices were too many to log")
        dropped = droppedNow
      }
    }
  }

  /// That a backend's source went down or came up is one line of the source's, not one of each of
  /// its backends.
  private static func record(for change: RegistryChange) -> LogRecord {
    var record = LogRecord.record(for: change)
    if change.kind == .updated, var previous = change.previous {
      previous.isStale = change.backend.isStale
      previous.lastSeen = change.backend.lastSeen
      if previous == change.backend { record.level = .debug }
    }
    return record
  }
}
