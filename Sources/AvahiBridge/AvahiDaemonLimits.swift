import Glibc

/// The limits that avahi-daemon runs with, as its configuration names them.
package struct AvahiDaemonLimits: Hashable, Sendable {
  /// Where avahi-daemon reads its configuration (avahi-daemon.conf(5)), unless it was told otherwise.
  package static let path = "/etc/avahi/avahi-daemon.conf"

  /// Records that its cache holds for each interface and protocol; past it new ones are dropped.
  package var cacheEntries = 4096
  /// Browsers, resolvers and groups that it grants each client.
  package var objectsPerClient = 1024

  /// Avahi's own defaults.
  package init() {}

  /// What `text`, in the form of avahi-daemon.conf, says; anything unclear leaves a default.
  package init(configuration text: String) {
    var isServerSection = false
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.filter { !$0.isWhitespace }.lowercased()
      if line.hasPrefix("[") {
        isServerSection = line == "[server]"
        continue
      }
      let parts = line.split(separator: "=", maxSplits: 1)
      guard isServerSection, parts.count == 2, let value = Int(parts[1]), value >= 0 else {
        continue
      }
      switch parts[0] {
      case "cache-entries-max": cacheEntries = value
      case "objects-per-client-max": objectsPerClient = value
      default: continue
      }
    }
  }

  /// What the file at `path` says; the defaults where it cannot be read.
  package static func configured(at path: String = path) -> AvahiDaemonLimits {
    guard let file = fopen(path, "re") else { return AvahiDaemonLimits() }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 64 * 1024)
    let count = fread(&bytes, 1, bytes.count, file)
    return AvahiDaemonLimits(configuration: String(decoding: bytes[..<count], as: UTF8.self))
  }
}
