import APIModel
import DiscoveryCore

/// What `show` says of one backend: every field that is known.
package enum BackendDetails {
  package static func fields(of backend: BackendDocument, now: WallTime) -> FieldList {
    var fields = FieldList()
    fields.add("Name", backend.name)
    fields.add("ID", backend.id)
    fields.add("URL", backend.url)
    fields.add("Type", backend.type)
    fields.add(
      "Status", StatusText.of(backend, now: now), style: StatusText.style(backend.status))
    fields.add("Version", backend.version)
    fields.add("Models", backend.models)
    fields.add("Info", backend.info)
    fields.add("Priority", "\(backend.priority)")
    fields.add("Source", source(of: backend))
    fields.add("Host", backend.host)
    fields.add("Port", "\(backend.port)")
    fields.add("API path", backend.apiPath)
    fields.add("Host name", backend.hostname)
    fields.add("Addresses", backend.addresses)
    fields.add("Interfaces", backend.interfaces.joined(separator: ", "))
    fields.add("Instance", backend.mdnsInstance)
    fields.add("Service type", backend.serviceType)
    fields.add(
      "TXT",
      backend.txt.sorted { $0.key < $1.key }.map { key, value in
        value.map { "\(key)=\($0)" } ?? key
      })
    fields.add("This machine", backend.isLocal ? "yes" : nil)
    fields.add("Stale", backend.isStale ? "yes: not seen since its source went" : nil)
    fields.add("First seen", LocalTime.full(backend.firstSeen.time, now: now))
    fields.add("Last seen", LocalTime.full(backend.lastSeen.time, now: now))
    fields.add(
      "Goes", backend.expiresAt.map { LocalTime.full($0.time, now: now) + " unless seen again" })
    fields.add("Last check", backend.lastCheck.map { LocalTime.full($0.time, now: now) })
    fields.add("Latency", backend.latencyMilliseconds.map { "\($0) ms" })
    fields.add("Last error", backend.lastError, style: .red)
    return fields
  }

  private static func source(of backend: BackendDocument) -> String {
    let others = backend.sources.filter { $0 != backend.source }
    return others.isEmpty
      ? backend.source : "\(backend.source), also \(others.joined(separator: ", "))"
  }
}
