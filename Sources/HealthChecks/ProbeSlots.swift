import DiscoveryCore

/// Who is checked now and who waits: at most so many at once, one at a time per server, and those that
/// hang keep nobody waiting who does not.
///
/// Who took long last time waits in a lane of their own, which has half of the places. Who takes long
/// now gives its place up when another waits that is expected to be quick, and starts anew, with all of
/// its time, in the slow lane.
struct ProbeSlots: Sendable {
  /// In order of precedence.
  enum Lane: Int, CaseIterable, Sendable {
    /// New, or quick last time: to answer or to fail.
    case prompt
    /// Slow, and nevertheless healthy.
    case slow
    /// Slow, and not known to be healthy.
    case hanging
  }

  private struct Ticket {
    let lane: Lane
    let endpoint: Endpoint
    let due: Uptime
  }

  /// How many run at once; lowered, those that run already end as they do.
  var capacity: Int
  /// How long a prompt one may run while others wait.
  var patience: Duration

  private var lanes: [DeadlineQueue<BackendID>] = Lane.allCases.map { _ in DeadlineQueue() }
  private var tickets: [BackendID: Ticket] = [:]
  /// Those that run.
  private var holders: [BackendID: Ticket] = [:]
  private var slowHolders = 0
  /// When each prompt one that runs has had its time.
  private var patienceEnds = DeadlineQueue<BackendID>()
  /// Who waits for a server that is being asked right now.
  private var blocked: [Endpoint: [BackendID]] = [:]
  private var busy: Set<Endpoint> = []

  init(capacity: Int, patience: Duration) {
    self.capacity = capacity
    self.patience = patience
  }

  var runningCount: Int { holders.count }

  /// Lets a backend wait that neither waits nor runs; of one lane, the one due first is first.
  mutating func wait(_ id: BackendID, in lane: Lane, at endpoint: Endpoint, since due: Uptime) {
    tickets[id] = Ticket(lane: lane, endpoint: endpoint, due: due)
    lanes[lane.rawValue].set(id, at: due)
  }

  /// Takes a backend out, whether it waits or runs.
  mutating func leave(_ id: BackendID) {
    if let ticket = tickets.removeValue(forKey: id) {
      lanes[ticket.lane.rawValue].cancel(id)
      blocked[ticket.endpoint]?.removeAll { $0 == id }
    }
    guard let ticket = holders.removeValue(forKey: id) else { return }
    if ticket.lane != .prompt { slowHolders -= 1 }
    patienceEnds.cancel(id)
    busy.remove(ticket.endpoint)
    for waiting in blocked.removeValue(forKey: ticket.endpoint) ?? [] {
      guard let ticket = tickets[waiting] else { continue }
      lanes[ticket.lane.rawValue].set(waiting, at: ticket.due)
    }
  }

  /// The next one to run, which has a place from now on; nil when none waits, or no place is free.
  mutating func take(at now: Uptime) -> BackendID? {
    while holders.count < capacity, let lane = nextLane {
      guard let id = lanes[lane.rawValue].takeFirst(), let ticket = tickets[id] else { continue }
      guard busy.insert(ticket.endpoint).inserted else {
        blocked[ticket.endpoint, default: []].append(id)
        continue
      }
      tickets[id] = nil
      holders[id] = ticket
      if lane == .prompt {
        patienceEnds.set(id, at: now.advanced(by: patience))
      } else {
        slowHolders += 1
      }
      return id
    }
    return nil
  }

  /// A prompt one that had its time while another waits, and that has to make room; nil for none.
  func overdue(at now: Uptime) -> BackendID? {
    guard let next = nextPreemption, next <= now else { return nil }
    return patienceEnds.first
  }

  /// When `overdue` will name one; nil while there is room.
  var nextPreemption: Uptime? {
    guard holders.count >= capacity, lanes[Lane.prompt.rawValue].count > 0 else { return nil }
    return patienceEnds.earliest
  }

  /// The first lane that has somebody waiting and may have another place.
  private var nextLane: Lane? {
    let isPromptWaiting = lanes[Lane.prompt.rawValue].count > 0
    let slow: Lane? = [.slow, .hanging].first { lanes[$0.rawValue].count > 0 }
    guard let slow, slowHolders < max(1, capacity / 2) else {
      return isPromptWaiting ? .prompt : nil
    }
    // One of the slow is always at it, so that a crowd of prompt ones does not shut them out.
    let isOwed = slowHolders == 0 && capacity > 1
    return isPromptWaiting && !isOwed ? .prompt : slow
  }
}
