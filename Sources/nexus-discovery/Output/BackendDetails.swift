import APIModel
import DiscoveryCore

/// What `show` says of one backend: every field that is known, and how its sources are.
package enum BackendDetails {
  package static func fields(
    of backend: BackendDocument, sources: [SourceDocument], now: WallTime
  ) -> FieldList {
    var fields = FieldList()
    fields.add("Name", backend.name)
    fields.add("ID", backend.id)
    fields.add("URL", backend.url)
    let isContradicted = backend.detectedType.map { $0 != backend.type } ?? false
    fields.add("Type", backend.type)
    fields.add(
      "Answers as", isContradicted ? backend.detectedType : nil, style: .yellow)
    fields.add(
      "Status", StatusText.of(backend, now: now), style: StatusText.style(backend.status))
    fields.add("Version", backend.version)
    fields.add("Models", backend.models)
    fields.add("Info", backend.info)
    fields.add("Priority", "\(backend.priority)")
    fields.add(
      "Source",
      backend.sources.map { name in
        sources.first { $0.source == name }.map { SourceText.of($0, now: now) } ?? name
      })
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
    fields.add(
      "Stale", backend.isStale ? "yes: not seen since its source went or the daemon started" : nil)
    fields.add("First seen", LocalTime.full(backend.firstSeen.time, now: now))
    fields.add("Last seen", LocalTime.full(backend.lastSeen.time, now: now))
    fields.add(
      "Goes", backend.expiresAt.map { LocalTime.full($0.time, now: now) + " unless seen again" })
    fields.add("Last check", backend.lastCheck.map { LocalTime.full($0.time, now: now) })
    fields.add("Latency", backend.latencyMilliseconds.map { "\($0) ms" })
    // A server that works may be odd all the same: it needs a key.
    let isHealthy = backend.status == BackendStatus.healthy.rawValue
    fields.add(
      isHealthy ? "Remark" : "Last error", backend.lastError, style: isHealthy ? .yellow : .red)
    return fields
  }
}
