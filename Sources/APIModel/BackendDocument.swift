import DiscoveryCore

/// A backend as JSON has it: every key is always present, null where nothing is known.
///
/// Kinds, states and sources are plain texts here, so that a client still reads what a newer daemon
/// says.
package struct BackendDocument: Hashable, Sendable, Encodable {
  package var id: String
  package var name: String
  package var url: String
  /// A `BackendType`.
  package var type: String
  /// The `BackendType` that its own answers show, also where something else is said of it; nil before
  /// they do.
  package var detectedType: String?
  /// A `BackendStatus`.
  package var status: String
  /// The highest `SourceKind` that knows it.
  package var source: String
  /// All of them, highest first.
  package var sources: [String]
  package var priority: Int
  package var apiPath: String
  package var host: String
  package var port: UInt16
  package var addresses: [String]
  package var hostname: String?
  /// The escaped full name (RFC 6763 §4.3).
  package var mdnsInstance: String?
  /// The service type in its domain: `_ollama._tcp.local`.
  package var serviceType: String?
  package var version: String?
  package var models: [String]
  package var info: String?
  /// The TXT record; nil stands for a key without "=" (RFC 6763 §6.4).
  package var txt: [String: String?]
  package var interfaces: [String]
  package var isLocal: Bool
  package var isStale: Bool
  package var firstSeen: Timestamp
  package var lastSeen: Timestamp
  package var expiresAt: Timestamp?
  package var lastCheck: Timestamp?
  /// How long the last health check's answer took, in milliseconds.
  package var latencyMilliseconds: Double?
  package var lastError: String?

  private enum CodingKeys: String, CodingKey {
    case id, name, url, type, status, source, sources, priority, host, port, addresses, hostname
    case version, models, info, txt, interfaces
    case detectedType = "detected_type"
    case apiPath = "api_path"
    case mdnsInstance = "mdns_instance"
    case serviceType = "service_type"
    case isLocal = "local"
    case isStale = "stale"
    case firstSeen = "first_seen"
    case lastSeen = "last_seen"
    case expiresAt = "expires_at"
    case lastCheck = "last_check"
    case latencyMilliseconds = "latency_ms"
    case lastError = "last_error"
  }

  package init(_ backend: Backend) {
    id = backend.id.description
    name = backend.name
    url = backend.url
    type = backend.type.rawValue
    detectedType = backend.detectedType?.rawValue
    status = backend.status.rawValue
    source = backend.source.rawValue
    sources = backend.sources.map(\.rawValue)
    priority = backend.priority
    apiPath = backend.apiPath
    host = backend.host
    port = backend.port
    addresses = backend.addresses.map(\.description)
    hostname = backend.hostname
    mdnsInstance = backend.instance?.fullName
    serviceType = backend.instance?.type.fullName
    version = backend.version
    models = backend.models
    info = backend.info
    // Keys that differ in bytes alone are one key to a Swift dictionary: the first wins.
    txt = Dictionary(backend.txt.attributes.map { ($0.key, $0.value) }) { first, _ in first }
    interfaces = backend.interfaces
    isLocal = backend.isLocal
    isStale = backend.isStale
    firstSeen = Timestamp(backend.firstSeen)
    lastSeen = Timestamp(backend.lastSeen)
    expiresAt = backend.expiresAt.map(Timestamp.init)
    lastCheck = backend.lastCheck.map { Timestamp($0.at) }
    latencyMilliseconds = backend.lastCheck?.latency.map(Self.milliseconds)
    lastError = backend.lastCheck?.error
  }

  // Written out, because the compiler's own leaves out keys without a value.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(name, forKey: .name)
    try container.encode(url, forKey: .url)
    try container.encode(type, forKey: .type)
    try container.encode(detectedType, forKey: .detectedType)
    try container.encode(status, forKey: .status)
    try container.encode(source, forKey: .source)
    try container.encode(sources, forKey: .sources)
    try container.encode(priority, forKey: .priority)
    try container.encode(apiPath, forKey: .apiPath)
    try container.encode(host, forKey: .host)
    try container.encode(port, forKey: .port)
    try container.encode(addresses, forKey: .addresses)
    try container.encode(hostname, forKey: .hostname)
    try container.encode(mdnsInstance, forKey: .mdnsInstance)
    try container.encode(serviceType, forKey: .serviceType)
    try container.encode(version, forKey: .version)
    try container.encode(models, forKey: .models)
    try container.encode(info, forKey: .info)
    try container.encode(txt, forKey: .txt)
    try container.encode(interfaces, forKey: .interfaces)
    try container.encode(isLocal, forKey: .isLocal)
    try container.encode(isStale, forKey: .isStale)
    try container.encode(firstSeen, forKey: .firstSeen)
    try container.encode(lastSeen, forKey: .lastSeen)
    try container.encode(expiresAt, forKey: .expiresAt)
    try container.encode(lastCheck, forKey: .lastCheck)
    try container.encode(latencyMilliseconds, forKey: .latencyMilliseconds)
    try container.encode(lastError, forKey: .lastError)
  }

  /// The same bytes as `JSONText.encode` makes of it, in a tenth of the time: with health checks each
  /// backend is another twice a minute, and a list has them all.
  package var json: [UInt8] {
    var object = JSONObjectWriter(capacity: 1024)
    object.add("addresses", addresses)
    object.add("api_path", apiPath)
    object.add("detected_type", detectedType)
    object.add("expires_at", expiresAt?.description)
    object.add("first_seen", firstSeen.description)
    object.add("host", host)
    object.add("hostname", hostname)
    object.add("id", id)
    object.add("info", info)
    object.add("interfaces", interfaces)
    object.add("last_check", lastCheck?.description)
    object.add("last_error", lastError)
    object.add("last_seen", lastSeen.description)
    object.add("latency_ms", latencyMilliseconds)
    object.add("local", isLocal)
    object.add("mdns_instance", mdnsInstance)
    object.add("models", models)
    object.add("name", name)
    object.add("port", Int(port))
    object.add("priority", priority)
    object.add("service_type", serviceType)
    object.add("source", source)
    object.add("sources", sources)
    object.add("stale", isStale)
    object.add("status", status)
    object.add("txt", txt)
    object.add("type", type)
    object.add("url", url)
    object.add("version", version)
    return object.finished()
  }

  /// `duration` in milliseconds, to the microsecond.
  private static func milliseconds(_ duration: Duration) -> Double {
    Double(duration.wholeNanoseconds / 1000) / 1000
  }
}

/// All backends that a request asks for, at one revision: `GET /v1/backends` and the event
/// `snapshot`.
package struct BackendListDocument: Hashable, Sendable, Encodable {
  package var revision: UInt64
  /// In listing order: priority, name, id.
  package var backends: [BackendDocument]

  package init(revision: UInt64, backends: [BackendDocument]) {
    self.revision = revision
    self.backends = backends
  }
}

// MARK: - Reading

extension BackendDocument: JSONReadable {
  package init(_ json: JSON) throws(JSONMismatch) {
    id = try json.text("id")
    name = try json.text("name")
    url = try json.text("url")
    type = try json.text("type")
    detectedType = try json.optionalText("detected_type")
    status = try json.text("status")
    source = try json.text("source")
    sources = try json.texts("sources")
    priority = try json.integer("priority")
    apiPath = try json.text("api_path")
    host = try json.text("host")
    guard let port = UInt16(exactly: try json.integer("port")) else {
      throw JSON.mismatch("port", "a port")
    }
    self.port = port
    addresses = try json.texts("addresses")
    hostname = try json.optionalText("hostname")
    mdnsInstance = try json.optionalText("mdns_instance")
    serviceType = try json.optionalText("service_type")
    version = try json.optionalText("version")
    models = try json.texts("models")
    info = try json.optionalText("info")
    txt = try Self.txt(json["txt"])
    interfaces = try json.texts("interfaces")
    isLocal = try json.flag("local")
    isStale = try json.flag("stale")
    firstSeen = try json.time("first_seen")
    lastSeen = try json.time("last_seen")
    expiresAt = try json.optionalTime("expires_at")
    lastCheck = try json.optionalTime("last_check")
    latencyMilliseconds = try json.optionalNumber("latency_ms")
    lastError = try json.optionalText("last_error")
  }

  private static func txt(_ json: JSON?) throws(JSONMismatch) -> [String: String?] {
    guard let members = json?.members else { throw JSON.mismatch("txt", "an object") }
    var txt: [String: String?] = [:]
    for (key, value) in members {
      guard value.isNull || value.string != nil else { throw JSON.mismatch("txt", "texts") }
      txt[key] = .some(value.string)
    }
    return txt
  }
}

extension BackendListDocument: JSONReadable {
  package init(_ json: JSON) throws(JSONMismatch) {
    revision = try json.unsignedInteger("revision")
    backends = try json.documents(BackendDocument.self, "backends")
  }
}
