import DiscoveryCore

/// What a backend is made of, for tests that want one which no registry made.
package struct BackendParts {
  package var id: BackendID
  package var name: String
  package var scheme = URLScheme.http
  package var host = "10.0.0.5"
  package var port: UInt16 = 11434
  package var apiPath = ""
  package var type = BackendType.ollama
  package var claimedType = BackendType.unknown
  package var detectedType: BackendType?
  package var status = BackendStatus.unknown
  package var source = SourceKind.mdns
  package var sources = [SourceKind.mdns]
  package var priority = 50
  package var addresses = [Address(ipv4: 0x0A00_0005)]
  package var ownAddressCount = 0
  package var hostname: String?
  package var instance: ServiceInstance?
  package var version: String?
  package var models: [String] = []
  package var info: String?
  package var txt = TXTRecord()
  package var interfaces = ["eth0"]
  package var isLocal = false
  package var isStale = false
  package var firstSeen: WallTime
  package var lastSeen: WallTime
  package var expiresAt: WallTime?
  package var lastCheck: HealthReport?

  package init(id: BackendID, name: String, seen: WallTime) {
    self.id = id
    self.name = name
    firstSeen = seen
    lastSeen = seen
  }

  package var backend: Backend {
    Backend(
      id: id, name: name, scheme: scheme, host: host, port: port, apiPath: apiPath, type: type,
      claimedType: claimedType, detectedType: detectedType, status: status, source: source,
      sources: sources, priority: priority, addresses: addresses,
      ownAddressCount: ownAddressCount, hostname: hostname, instance: instance, version: version,
      models: models, info: info, txt: txt, interfaces: interfaces, isLocal: isLocal,
      isStale: isStale, firstSeen: firstSeen, lastSeen: lastSeen, expiresAt: expiresAt,
      lastCheck: lastCheck)
  }
}
