import DiscoveryCore
import Synchronization

/// A network of servers that do what a test says, and remembers what was asked of them.
final class ScriptedTransport: ProbeTransport {
  enum Conduct {
    /// As an Ollama with one model.
    case ollama
    case refuses
    /// Says nothing until the check is cancelled.
    case hangs
  }

  struct Asked {
    let request: ProbeRequest
    let at: Uptime
  }

  private struct State {
    var conduct: [Address: Conduct] = [:]
    var asked: [Asked] = []
    var running = 0
    var mostAtOnce = 0
    var cancelled = 0
    var observers: [(condition: @Sendable (Counts) -> Bool, CheckedContinuation<Void, Never>)] = []
  }

  /// What a test may wait for.
  struct Counts: Equatable {
    var asked = 0
    var running = 0
    var cancelled = 0
  }

  private let clock: any DiscoveryClock
  private let state = Mutex(State())

  init(clock: any DiscoveryClock) {
    self.clock = clock
  }

  var asked: [Asked] { state.withLock { $0.asked } }
  var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }

  func set(_ conduct: Conduct, at addresses: Address...) {
    state.withLock { state in
      for address in addresses { state.conduct[address] = conduct }
    }
  }

  func send(_ request: ProbeRequest) async -> Result<ProbeResponse, ProbeError> {
    let now = clock.now().uptime
    let conduct = change { state in
      state.asked.append(Asked(request: request, at: now))
      state.running += 1
      state.mostAtOnce = max(state.mostAtOnce, state.running)
      return state.conduct[request.address] ?? .ollama
    }
    defer { change { $0.running -= 1 } }
    switch conduct {
    case .ollama: return .success(Self.answer(request))
    case .refuses: return .failure(.refused)
    case .hangs:
      let (forever, _) = AsyncStream.makeStream(of: Never.self)
      for await _ in forever {}
      change { $0.cancelled += 1 }
      return .failure(.cancelled)
    }
  }

  /// Returns as soon as it is so.
  func wait(until condition: @escaping @Sendable (Counts) -> Bool) async {
    await withCheckedContinuation { continuation in
      change { $0.observers.append((condition, continuation)) }
    }
  }

  private func change<Value: Sendable>(_ body: (inout sending State) -> Value) -> Value {
    let (value, met) = state.withLock { state in
      let value = body(&state)
      let counts = Counts(
        asked: state.asked.count, running: state.running, cancelled: state.cancelled)
      let met = state.observers.filter { $0.condition(counts) }.map { $0.1 }
      state.observers.removeAll { $0.condition(counts) }
      return (value, met)
    }
    for continuation in met { continuation.resume() }
    return value
  }

  private static func answer(_ request: ProbeRequest) -> ProbeResponse {
    let answers = [
      ProbeRequest.Question.get(path: "/"): "Ollama is running",
      .get(path: "/api/version"): #"{"version":"0.5.7"}"#,
      .get(path: "/api/tags"): #"{"models":[{"name":"llama3:8b"}]}"#,
    ]
    guard let body = answers[request.question] else {
      return ProbeResponse(status: 404, latency: .milliseconds(1))
    }
    return ProbeResponse(status: 200, body: Array(body.utf8), latency: .milliseconds(3))
  }
}
