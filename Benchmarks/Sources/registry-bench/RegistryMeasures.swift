import DiscoveryCore
import DiscoveryTestKit

/// Events a second of each kind, bytes per backend and the time of a snapshot, with `count` backends.
///
/// Each event is a call of its own, as it is when the network says one thing at a time.
func measureRegistry(of count: Int, samples: Int) {
  // A small registry is filled and emptied as often as gives a time worth measuring.
  let rounds = max(1, 50_000 / count)
  var rates: [Kind: [Double]] = [:]
  var bytes: [Double] = []
  var snapshots: [Double] = []
  let services = Services(count)
  for _ in 0..<samples {
    var times: [Kind: Double] = [:]
    for _ in 0..<rounds {
      var registry = emptyRegistry(for: count)
      for kind in Kind.allCases {
        let events = services.events[kind] ?? []
        let now = Moment.testStart.advanced(by: .seconds(kind.rawValue))
        var changes = 0
        times[kind, default: 0] += seconds {
          for event in events {
            changes += registry.apply(event, from: .mdns, at: now).changes.count
          }
        }
        precondition(changes == (kind == .reSeen ? 0 : count), "\(kind): \(changes) changes")
        precondition(registry.backendCount == count)
      }
    }
    for (kind, time) in times { rates[kind, default: []].append(Double(rounds * count) / time) }
    bytes.append(bytesPerBackend(of: count))
    snapshots.append(timeOfSnapshot(of: services, rounds: rounds))
  }
  for kind in Kind.allCases { tell("\(kind.name), \(count) backends", "1/s", rates[kind] ?? []) }
  tell("bytes per backend, \(count) backends", "B", bytes)
  tell("snapshot, \(count) backends", "ms", snapshots)
}

/// What an event says, in the order in which they are measured.
private enum Kind: Int, CaseIterable {
  case found, reSeen, updated, removed

  var name: String { self == .reSeen ? "re-seen" : "\(self)" }
}

private func emptyRegistry(for count: Int) -> RegistryState {
  var settings = RegistryState.Settings()
  settings.maxBackends = count
  return RegistryState(settings: settings, network: .oneInterface)
}

/// What the network says of service `number`, its own strings and all.
private func sighting(_ number: Int, version: Int) -> Sighting {
  .mdns(
    "gpu-box-\(number)", port: UInt16(10_000 + number % 50_000),
    at: ["10.\(1 + (number >> 16)).\(number >> 8 & 255).\(number & 255)"],
    host: "gpu-box-\(number).local",
    txt: ["type": "ollama", "version": "0.5.\(version)", "models": "llama3:8b,qwen3:14b"])
}

/// The events of each kind, made beforehand.
private struct Services {
  let count: Int
  let events: [Kind: [DiscoveryEvent]]

  init(_ count: Int) {
    self.count = count
    let found = (0..<count).map { sighting($0, version: 7) }
    events = [
      .found: found.map { .serviceFound($0) },
      .reSeen: (0..<count).map { .serviceFound(sighting($0, version: 7)) },
      .updated: (0..<count).map { .serviceFound(sighting($0, version: 8)) },
      .removed: found.map { .serviceRemoved($0.id) },
    ]
  }
}

/// All that a backend costs, its strings included, since each sighting is made for this registry alone.
private func bytesPerBackend(of count: Int) -> Double {
  let before = allocated()
  var registry = emptyRegistry(for: count)
  for number in 0..<count {
    _ = registry.apply(.serviceFound(sighting(number, version: 7)), from: .mdns, at: .testStart)
  }
  let after = allocated()
  // Kept until here.
  precondition(registry.backendCount == count)
  return Double(after - before) / Double(count)
}

/// Milliseconds.
private func timeOfSnapshot(of services: Services, rounds: Int) -> Double {
  var registry = emptyRegistry(for: services.count)
  for event in services.events[.found] ?? [] {
    _ = registry.apply(event, from: .mdns, at: .testStart)
  }
  var listed = 0
  let time = seconds {
    for _ in 0..<rounds { listed += registry.snapshot().backends.count }
  }
  precondition(listed == rounds * services.count)
  return 1000 * time / Double(rounds)
}
