import DiscoveryCore
import Synchronization

/// The servers of the network as they come, change and go, while `run()` runs.
///
/// A server is alive from its announcement on, until it says goodbye or its announcement runs out (two
/// minutes after the last time that it answered, for most servers), and the grace period is over.
/// When avahi-daemon goes away the list stays as it is, and is set right when it is back.
public final class NodeRegistry: Sendable {
  private let discovery: Discovery
  private let isRunning = Mutex(false)

  /// A registry of LMServ nodes (`_lmserv._tcp`).
  ///
  /// - Parameter gracePeriod: how much longer a node is alive that was withdrawn or went silent; zero
  ///   for "gone when it says so". LMServ's own "seen within the last 60 seconds" is `.seconds(60)`.
  public init(gracePeriod: Duration = .zero) {
    let settings = DiscoverySettings(types: DiscoverySettings.nodeTypes, gracePeriod: gracePeriod)
    discovery = Discovery(Configuration(scanning: settings))
  }

  /// A registry of the services of `types` (`_ollama._tcp`, in any usual spelling).
  ///
  /// - Parameter gracePeriod: as above.
  /// - Throws: `DiscoveryError.invalidServiceType`.
  public init(types: [String], gracePeriod: Duration = .zero) throws {
    let settings = try DiscoverySettings(parsing: types, gracePeriod: gracePeriod)
    discovery = Discovery(Configuration(scanning: settings))
  }

  /// Listens to the network until the task is cancelled; avahi-daemon being away is waited for.
  ///
  /// It runs once at a time. When it has ended the lists stay as they were last.
  public func run() async {
    let wasRunning = isRunning.withLock { isRunning in
      defer { isRunning = true }
      return isRunning
    }
    precondition(!wasRunning, "NodeRegistry.run() runs already")
    await discovery.run()
    isRunning.withLock { $0 = false }
  }

  /// The nodes that are alive now, each once.
  public func listAlive() async -> [NodeInfo] {
    await discovery.registry.snapshot().backends.map(NodeInfo.init).unique
  }

  /// The same with all that is known of each.
  public func services() async -> [DiscoveredService] {
    await discovery.registry.snapshot().backends.map(DiscoveredService.init)
  }

  /// Why the network cannot be heard now; nil while it can, and the lists are current.
  public func lastError() async -> DiscoveryError? {
    await discovery.error
  }

  /// What becomes of each service: first all that are there, then each change as it happens, until the
  /// reading task is cancelled. Who reads slowly misses steps on the way, never the outcome.
  public func changes() -> AsyncStream<Change> {
    let reader = ChangeReader(discovery.registry)
    return AsyncStream(unfolding: { await reader.next() })
  }
}

/// One reader's place among the changes.
private actor ChangeReader {
  private let registry: Registry
  private var updates: RegistryWatch.Iterator
  private var changes = ServiceChanges()
  private var unread: ArraySlice<NodeRegistry.Change> = []

  init(_ registry: Registry) {
    self.registry = registry
    updates = registry.watch().makeAsyncIterator()
  }

  /// Nil once the task is cancelled.
  func next() async -> NodeRegistry.Change? {
    while unread.isEmpty {
      var iterator = updates
      guard await iterator.next() != nil else { return nil }
      updates = iterator
      let services = await registry.snapshot().backends.map(DiscoveredService.init)
      unread = changes.update(to: services)[...]
    }
    return unread.removeFirst()
  }
}
