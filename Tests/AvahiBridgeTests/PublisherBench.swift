import AvahiBridge
import DiscoveryCore
import DiscoveryTestKit

/// A publisher's state with a stand-in for avahi-daemon, which holds groups as that does, and checks
/// each action and event on the way.
final class PublisherBench {
  typealias ID = AnnouncedService.ID

  /// What a group holds.
  struct Group: Hashable {
    var service: AnnouncedService?
    var instance = ""
    var isEstablished = false
  }

  private(set) var state: PublisherState
  var now = Moment.testStart.uptime
  private(set) var groups: [ID: Group] = [:]
  private(set) var events: [PublisherEvent] = []
  private(set) var actions: [PublisherState.Action] = []
  /// What was told to be on the air, and under which name.
  private(set) var onAir: [ID: String] = [:]
  /// What no order of inputs may lead to.
  private(set) var faults: [String] = []
  /// Names that others have, of any type: on this host, or on others.
  var takenHere: Set<String> = []
  var takenElsewhere: Set<String> = []
  /// What obstructs every service for now.
  var obstacle: PublisherState.Obstacle?
  var isConnected = false

  init(alternatives: [ID: String] = [:]) {
    state = PublisherState(alternatives: alternatives)
  }

  func send(_ input: PublisherState.Input) {
    switch input {
    case .running, .settling: isConnected = true
    case .disconnected:
      isConnected = false
      groups = [:]
    default: break
    }
    perform(state.handle(input, at: now))
  }

  /// Wants those services.
  func want(_ services: AnnouncedService...) { send(.wanted(services)) }

  /// Each group that was committed is established, or collides with another host's.
  func probe() {
    var isDone = false
    while !isDone {
      isDone = true
      for (id, group) in groups.sorted(by: { $0.key < $1.key })
      where group.service != nil && !group.isEstablished && groups[id] == group {
        isDone = false
        probe(id)
      }
    }
  }

  func probe(_ id: ID) {
    guard let group = groups[id], group.service != nil else { return }
    send(.group(id, .registering))
    if takenElsewhere.contains(group.instance) {
      groups[id]?.service = nil
      send(.group(id, .collision))
    } else {
      groups[id]?.isEstablished = true
      send(.group(id, .established))
    }
  }

  /// Time passes; what is due on the way is done.
  func pass(_ duration: Duration) {
    let end = now.advanced(by: duration)
    while let deadline = state.nextDeadline, deadline <= end {
      now = max(now, deadline)
      send(.tick)
      if let next = state.nextDeadline, next <= now {
        faults.append("a deadline that stays due")
        break
      }
    }
    now = end
  }

  /// The events since this was asked last.
  func takeEvents() -> [PublisherEvent] {
    defer { events = [] }
    return events
  }

  /// The actions since this was asked last, without events.
  func takeActions() -> [PublisherState.Action] {
    defer { actions = [] }
    return actions
  }

  private func perform(_ batch: [PublisherState.Action]) {
    var batch = batch
    var next = 0
    while next < batch.count {
      let action = batch[next]
      next += 1
      if case .emit(let event) = action {
        note(event)
        continue
      }
      actions.append(action)
      if !isConnected {
        if case .free = action { continue }
        faults.append("not connected: \(action)")
        continue
      }
      switch action {
      case .emit: break
      case .reset(let id): if groups[id] != nil { groups[id] = Group() }
      case .free(let id): groups[id] = nil
      case .publish(let service, let instance):
        batch += state.handle(publish(service, instance), at: now)
      case .update(let service, let instance):
        if groups[service.id]?.instance != instance || groups[service.id]?.service == nil {
          faults.append("update of what is not published: \(service)")
        }
        if groups[service.id]?.service?.port != service.port {
          faults.append("update of another port: \(service)")
        }
        groups[service.id]?.service = service
      }
    }
  }

  private func publish(
    _ service: AnnouncedService, _ instance: String
  ) -> PublisherState.Input {
    if let obstacle { return .obstructed(service.id, obstacle) }
    if groups[service.id]?.isEstablished == true, onAir[service.id] != nil {
      faults.append("published anew without telling: \(service)")
    }
    groups[service.id] = Group()
    let isOurs = groups.contains {
      $0.key.type == service.type && $0.value.service != nil && $0.value.instance == instance
    }
    guard !isOurs, !takenHere.contains(instance) else {
      return .obstructed(service.id, .collision)
    }
    groups[service.id] = Group(service: service, instance: instance)
    return .committed(service.id)
  }

  private func note(_ event: PublisherEvent) {
    events.append(event)
    switch event {
    case .announced(let service, let instance, _):
      if onAir.updateValue(instance, forKey: service.id) != nil {
        faults.append("announced twice: \(service.id)")
      }
      if onAir.contains(where: {
        $0.key.type == service.type && $0.value == instance && $0.key != service.id
      }) {
        faults.append("two under one name: \(instance)")
      }
    case .withdrawn(let id, let instance, _):
      if onAir.removeValue(forKey: id) != instance { faults.append("withdrawn, not there: \(id)") }
    case .down:
      if !onAir.isEmpty { faults.append("down with \(onAir) on the air") }
    case .refused(let id, _):
      if onAir[id] != nil { faults.append("refused what is on the air: \(id)") }
    case .up: break
    }
  }
}

extension AnnouncedService {
  static func of(
    _ name: String = "box", _ type: String = "_ollama._tcp", port: UInt16 = 11434,
    txt: KeyValuePairs<String, String?> = [:]
  ) -> AnnouncedService {
    AnnouncedService(name: name, type: .of(type), port: port, txt: TXTRecord(txt))
  }
}
