import DiscoveryCore
import WebBridge

/// Carries out what administrators ask for over the API, one order after the other: what is added and
/// removed while the daemon runs.
struct RuntimeChanges: Sendable {
  /// More orders do not wait.
  private static let capacity = 256

  private struct Order: Sendable {
    let what: BackendChange
    let ticket: APIOrder.Ticket
  }

  /// What was added, as a source of the registry.
  let source: AdministeredSource
  private let registry: Registry
  private let start: RuntimeBackends
  private let orders: AsyncStream<Order>
  private let sink: AsyncStream<Order>.Continuation

  /// `added` is what an earlier run left.
  init(
    _ added: RuntimeBackends, registry: Registry, clock: any DiscoveryClock,
    resolve: @escaping AdministeredSource.Resolver
  ) {
    start = added
    self.registry = registry
    source = AdministeredSource(
      .runtime, backends: added.backends, clock: clock, resolve: resolve)
    (orders, sink) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.capacity))
  }

  /// Takes an order, on any thread, without waiting; false when too many wait already.
  func take(_ change: BackendChange, by ticket: APIOrder.Ticket) -> Bool {
    if case .enqueued = sink.yield(Order(what: change, ticket: ticket)) { return true }
    return false
  }

  /// Takes no more orders: those that wait are carried out.
  func close() {
    sink.finish()
  }

  /// Carries out orders until the task is cancelled; `server` tells those who gave them. `onChange` is
  /// told of each that was done, which need not show in the registry: what was added may be the server
  /// that something else stands for.
  func run(answering server: WebServer, onChange: @Sendable () async -> Void) async {
    var backends = start
    for await order in orders {
      let outcome =
        switch order.what {
        case .add(let wish): await add(wish, to: &backends)
        case .remove(let name): await remove(name, from: &backends)
        }
      guard !Task.isCancelled else { return }
      switch outcome {
      case .added, .updated, .removed: await onChange()
      case .unknown, .refused, .reloaded, .rejected: break
      }
      server.answer(order.ticket, outcome, at: await registry.revision)
    }
  }

  private func add(
    _ wish: RuntimeBackends.Wish, to backends: inout RuntimeBackends
  ) async -> APIOrder.Outcome {
    let isNew: Bool
    do throws(RuntimeBackends.Refusal) {
      isNew = try backends.add(wish, besides: await registry.statics(at: wish.url))
    } catch {
      return .refused(error.description)
    }
    await source.update(backends.backends)
    guard let id = await registry.backendID(ofRuntime: wish.url) else {
      return .unknown(wish.url.description)
    }
    return isNew ? .added(id) : .updated(id)
  }

  /// A name means what was added by it, also where it is shown by another: as what nexus.toml calls the
  /// same server.
  private func remove(
    _ idOrName: String, from backends: inout RuntimeBackends
  ) async -> APIOrder.Outcome {
    let urls: [String]
    if let url = backends.url(ofName: idOrName) {
      urls = [url]
    } else {
      guard let backend = await registry.find(idOrName) else { return .unknown(idOrName) }
      urls = await registry.runtimeURLs(of: backend.id)
      guard !urls.isEmpty else { return .refused(Self.reasonToStay(backend)) }
    }
    backends.remove(urls)
    await source.update(backends.backends)
    return .removed
  }

  private static func reasonToStay(_ backend: Backend) -> String {
    switch backend.source {
    case .static:
      "\"\(backend.name)\" stands in nexus.toml: take it out there and reload; only what was added"
        + " while the daemon runs can be removed"
    default:
      "\"\(backend.name)\" was found on the network: it goes when it is announced no more; only what"
        + " was added while the daemon runs can be removed"
    }
  }
}
