import DiscoveryCore

extension LogRecord {
  /// What to log of a change of the registry.
  package static func record(for change: RegistryChange) -> LogRecord {
    let backend = change.backend
    let who = "\(backend.name): \(backend.kindName) at \(backend.url)"
    switch change.kind {
    case .added: return LogRecord(.discovered, "discovered \(who)", of: backend)
    case .updated:
      return contradiction(in: change) ?? LogRecord(.updated, "updated \(who)", of: backend)
    case .disappeared:
      return LogRecord(.disappeared, "disappeared \(who); its grace period runs", of: backend)
    case .reappeared: return LogRecord(.reappeared, "reappeared \(who)", of: backend)
    case .removed: return LogRecord(.removed, "removed \(who)", of: backend)
    case .status: return status(of: backend, who)
    }
  }

  /// What to log once where a backend's own answers show it to be something else than what is said of
  /// it; nil where they do not, or where that was so before the change.
  package static func contradiction(in change: RegistryChange) -> LogRecord? {
    let backend = change.backend
    guard let previous = change.previous, backend.isContradicted, let found = backend.detectedType,
      previous.detectedType != found || previous.claimedType != backend.claimedType
    else { return nil }
    var record = LogRecord(
      .updated,
      "\(backend.name) is said to be \(backend.claimedType.rawValue), but answers as"
        + " \(found.rawValue) at \(backend.url)", of: backend)
    record.level = .warn
    record.fields[.reason] = "contradiction"
    return record
  }

  /// What to log of a change and of those that were withheld before it.
  package static func record(for line: FlapDamper.Line) -> LogRecord {
    var record = record(for: line.change)
    guard let flaps = line.flaps else { return record }
    record.fields[.count] = "\(flaps.total)"
    let backend = line.change.backend
    let isHealth = line.change.kind == .status
    let told = description(
      of: flaps, down: isHealth ? "became unhealthy" : "disappeared",
      up: isHealth ? "became healthy" : "reappeared")
    switch line.change.kind {
    case .disappeared:
      record.message = "\(backend.name) flapped: it \(told); it is gone now"
    case .reappeared:
      record.message =
        "\(backend.name) flapped: it \(told); it is there now: \(backend.kindName)"
        + " at \(backend.url)"
    case .status:
      record.message = "\(backend.name) flapped: it \(told), at last: \(record.message)"
    case .added, .updated, .removed:
      record.message += "; it \(told) before"
    }
    return record
  }

  /// What to log of a notice.
  package static func record(for notice: RegistryNotice) -> LogRecord {
    switch notice {
    case .skipped(let sighting, let source, let reason):
      return skipped(sighting, from: source, because: reason)
    case .sourceUp(let source):
      return LogRecord(
        .sourceUp, "source \(source.rawValue) is up", fields: [.source: source.rawValue])
    case .sourceDown(let source, let reason):
      return LogRecord(
        .sourceDown, "source \(source.rawValue) is down: \(reason)",
        fields: [.source: source.rawValue, .reason: reason])
    case .limitReached(let limit): return reached(limit)
    case .roomAgain: return LogRecord(.info, "there is room for new backends again")
    }
  }

  /// The file at `path` was read again and is in force.
  package static func configReloaded(path: String) -> LogRecord {
    LogRecord(.configReloaded, "configuration reloaded from \(path)")
  }

  /// The file at `path` was read again and has `problems`, as lines; the old settings stay.
  package static func configRejected(path: String, problems: [String]) -> LogRecord {
    let reason = problems.joined(separator: " | ")
    return LogRecord(
      .configRejected, "configuration rejected, the old one stays in force: \(reason)",
      fields: [.reason: reason])
  }

  // MARK: Changes

  private init(_ event: LogEvent, _ message: String, of backend: Backend) {
    self.init(event, message, fields: Self.fields(of: backend))
  }

  private static func status(of backend: Backend, _ who: String) -> LogRecord {
    let event: LogEvent
    switch backend.status {
    case .healthy: event = .healthy
    case .unhealthy: event = .unhealthy
    case .unknown:
      return LogRecord(.debug, "status unknown of \(who)", fields: fields(of: backend))
    }
    let check = backend.lastCheck
    let error = check?.error.map { ": \($0)" } ?? ""
    let latency = check?.latency.map { ", answered in \(milliseconds($0)) ms" } ?? ""
    var record = LogRecord(event, "\(event.rawValue) \(who)\(error)\(latency)", of: backend)
    record.fields[.reason] = check?.error
    return record
  }

  private static func fields(of backend: Backend) -> [LogField: String] {
    var fields: [LogField: String] = [
      .backendID: backend.id.description, .name: backend.name, .url: backend.url,
      .type: backend.type.rawValue, .status: backend.status.rawValue,
      .source: backend.source.rawValue,
    ]
    fields[.instance] = backend.instance?.fullName
    fields[.address] = backend.addresses.first?.description
    if !backend.interfaces.isEmpty {
      fields[.interface] = backend.interfaces.joined(separator: ",")
    }
    return fields
  }

  /// `disappeared 5 times and reappeared 4 times in 10 s`.
  private static func description(
    of flaps: FlapDamper.Flaps, down: String, up: String
  ) -> String {
    func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }
    let parts =
      flaps.downs == flaps.ups
      ? [down, "\(up) \(times(flaps.ups))"]
      : [(flaps.downs, down), (flaps.ups, up)]
        .filter { $0.0 > 0 }.map { "\($0.1) \(times($0.0))" }
    let seconds = max(1, (flaps.duration.wholeNanoseconds + 500_000_000) / 1_000_000_000)
    return "\(parts.joined(separator: " and ")) in \(seconds) s"
  }

  /// With one decimal.
  private static func milliseconds(_ duration: Duration) -> String {
    let tenths = (duration.wholeNanoseconds + 50_000) / 100_000
    return "\(tenths / 10).\(tenths % 10)"
  }

  // MARK: Notices

  private static func skipped(
    _ sighting: Sighting, from source: SourceKind, because reason: RegistryNotice.SkipReason
  ) -> LogRecord {
    var fields: [LogField: String] = [
      .name: sighting.name, .source: source.rawValue, .reason: reason.rawValue,
    ]
    fields[.instance] = sighting.instance?.fullName
    fields[.interface] = sighting.id.interface
    fields[.address] = sighting.addresses.first?.description
    let place = sighting.id.interface.map { " on \($0)" } ?? ""
    var record = LogRecord(
      .skipped, "skipped \(sighting.name)\(place): \(explanation(reason, sighting))",
      fields: fields)
    // The server is listed all the same, at a URL that its owner may not expect.
    if reason == .apiPathRefused { record.level = .warn }
    return record
  }

  private static func explanation(
    _ reason: RegistryNotice.SkipReason, _ sighting: Sighting
  ) -> String {
    let addresses = sighting.addresses.map(\.description).sorted().joined(separator: ", ")
    switch reason {
    case .portZero: return "its port is 0"
    case .noUsableAddress: return "none of its addresses can be used (\(addresses))"
    case .addressRefused: return "its addresses are not trusted (\(addresses))"
    case .targetOutsideLocal: return "its host \(sighting.hostname ?? "") is not below .local"
    case .knownAsStatic: return "it is configured already"
    case .apiPathRefused:
      let path = (sighting.txt["api_path"] ?? "").prefix(80)
      return "its api_path \"\(path)\" is not safe, so its type's own is used"
    case .limit: return "a limit is reached"
    }
  }

  private static func reached(_ limit: RegistryNotice.Limit) -> LogRecord {
    switch limit {
    case .backends(let maximum):
      return LogRecord(
        .limitReached, "\(maximum) backends are known: no new ones are taken from the network",
        fields: [.reason: "backends"])
    case .sightings(let maximum):
      return LogRecord(
        .limitReached, "\(maximum) sightings are known: no new ones are taken from the network",
        fields: [.reason: "sightings"])
    case .sightingsOfOneBackend(let name, let maximum):
      return LogRecord(
        .limitReached, "\(maximum) sightings of \(name) are known: no more of it are taken",
        fields: [.name: name, .reason: "sightings_of_one_backend"])
    case .ofSource(let source, let limit):
      return LogRecord(
        .limitReached, limit.message,
        fields: [.source: source.rawValue, .reason: limit.name.rawValue])
    }
  }
}

extension Backend {
  /// What it is, as a noun.
  fileprivate var kindName: String { type == .unknown ? "server" : type.rawValue }
}
