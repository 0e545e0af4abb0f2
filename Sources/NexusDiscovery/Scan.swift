import DiscoveryCore

/// The LMServ nodes of the network, each once: listens for all of `timeout`, which a network of many
/// hosts needs, and asks meanwhile.
///
/// This machine's own nodes are among them. Nodes whose address is neither private nor on one of this
/// machine's links are not.
///
/// - Throws: `DiscoveryError` when there was nothing to hear them with; `CancellationError`.
public func discoverNodes(timeout: Duration = .seconds(5)) async throws -> [NodeInfo] {
  try await scan(DiscoverySettings(types: DiscoverySettings.nodeTypes), for: timeout).map(
    NodeInfo.init
  ).unique
}

/// The services of `types` (`_ollama._tcp`, as RFC 6763 §7 has them, in any usual spelling) on the
/// network, each once: listens for all of `timeout`, and asks meanwhile.
///
/// This machine's own services are among them. Services whose address is neither private nor on one of
/// this machine's links are not.
///
/// - Throws: `DiscoveryError` for what is no service type, and when there was nothing to hear them
///   with; `CancellationError`.
public func discoverServices(
  types: [String], timeout: Duration = .seconds(5)
) async throws -> [DiscoveredService] {
  try await scan(DiscoverySettings(parsing: types), for: timeout).map(DiscoveredService.init)
}

private func scan(
  _ settings: DiscoverySettings, for timeout: Duration
) async throws -> [Backend] {
  let backends = try await Discovery.scan(settings, for: timeout)
  try Task.checkCancellation()
  return backends
}

extension Discovery {
  /// Listens to the network for `timeout`, or until the task is cancelled; what was heard, in listing
  /// order.
  ///
  /// - Throws: `DiscoveryError.unavailable` when nothing was, and could not be.
  package static func scan(
    _ settings: DiscoverySettings, for timeout: Duration
  ) async throws(DiscoveryError) -> [Backend] {
    let discovery = Discovery(Configuration(scanning: settings))
    let end = discovery.clock.now().uptime.advanced(by: timeout)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await discovery.run() }
      try? await discovery.clock.sleep(until: end)
      group.cancelAll()
    }
    let backends = await discovery.registry.snapshot().backends
    if backends.isEmpty, let error = await discovery.error { throw error }
    return backends
  }

  /// Why nothing is heard of the network; nil while something can be.
  var error: DiscoveryError? {
    get async {
      DiscoveryError(await registry.sourceStatuses().first { $0.source == .mdns })
    }
  }
}

extension Configuration {
  /// Listening alone: what is found is not asked anything.
  init(scanning settings: DiscoverySettings) {
    self.init()
    discovery = settings
    healthCheck.enabled = false
  }
}

extension DiscoverySettings {
  /// LMServ's nodes.
  static let nodeTypes = [BackendType.lmserv.serviceType].compactMap { $0 }

  /// The defaults, for `types`.
  init(types: [ServiceType], gracePeriod: Duration = .zero) {
    self.init()
    serviceTypes = types
    self.gracePeriod = gracePeriod
  }

  /// The same for types as a person writes them; each of them once.
  init(parsing types: [String], gracePeriod: Duration = .zero) throws(DiscoveryError) {
    self.init(types: [], gracePeriod: gracePeriod)
    for text in types {
      do throws(ServiceType.Problem) {
        let type = try ServiceType(parsing: text)
        if !serviceTypes.contains(type) { serviceTypes.append(type) }
      } catch {
        throw .invalidServiceType("bad service type \"\(text)\": \(error)")
      }
    }
  }
}
