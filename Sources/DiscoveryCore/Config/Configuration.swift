/// nexus.toml as values: one struct per section, each default as the file documents it.
package struct Configuration: Hashable, Sendable {
  package var server = ServerSettings()
  package var discovery = DiscoverySettings()
  package var healthCheck = HealthCheckSettings()
  package var announce = AnnounceSettings()
  package var logging = LoggingSettings()
  /// The static backends, in the file's order; names and URLs are unique.
  package var backends: [AdministeredBackend] = []

  package init() {}
}

/// `[server]`: where the API is served.
package struct ServerSettings: Hashable, Sendable {
  /// Path of the Unix socket.
  package var socket = "/run/nexus-discovery/api.sock"
  /// Where the TCP listener is; the API is read-only there.
  package var host = ListenHost.address(Address(ipv4: 0x7F00_0001))
  package var port = 6398
  /// True: the listener may be where other machines reach it.
  package var allowRemote = false

  /// True when other machines would reach the listener and may not.
  package var isForbiddenRemote: Bool { host.isRemote && !allowRemote }

  package init() {}
}

/// `[discovery]`: what is looked for on the network, and how.
package struct DiscoverySettings: Hashable, Sendable {
  package var enabled = true
  package var serviceTypes = ServiceType.defaults
  /// How long a backend stays after its last sighting went.
  package var gracePeriod: Duration = .seconds(60)
  /// The longest wait before asking the network again; zero: never ask.
  package var queryInterval: Duration = .seconds(30)
  package var ipv6 = true
  /// The address family to put first in URLs.
  package var prefer: Address.Family = .ipv4
  /// Names of the interfaces to discover on; empty: all.
  package var interfaces: [String] = []
  package var maxBackends = 4096
  package var trust = TrustSettings()

  package init() {}
}

/// `[discovery.trust]`: which addresses the network may name.
package struct TrustSettings: Hashable, Sendable {
  /// Empty: private, link-local and on-link addresses.
  package var allow: [AddressBlock] = []
  package var deny: [AddressBlock] = []
  package var allowPublic = false

  package init() {}
}

/// `[health_check]`: how backends are asked whether they work.
package struct HealthCheckSettings: Hashable, Sendable {
  /// False: every status stays unknown.
  package var enabled = true
  /// How often each backend is asked.
  package var interval: Duration = .seconds(30)
  /// How long one check may take, whatever it asks of however many addresses.
  package var timeout: Duration = .seconds(5)
  /// How many failures in a row make a backend unhealthy.
  package var failureThreshold = 3
  /// How many successes in a row make an unhealthy backend healthy.
  package var recoveryThreshold = 2
  /// How many checks run at once; at most `mostConcurrent`.
  package var maxConcurrent = 32

  package static let mostConcurrent = 1024

  package init() {}
}

/// `[logging]`.
package struct LoggingSettings: Hashable, Sendable {
  package var level = LogLevel.info
  package var format = LogFormat.auto

  package init() {}
}

/// How grave a log line is; the raw value is its name in options and files.
package enum LogLevel: String, CaseIterable, Hashable, Comparable, Sendable {
  case trace
  case debug
  case info
  case warn
  case error

  package static func < (left: LogLevel, right: LogLevel) -> Bool {
    left.rank < right.rank
  }

  private var rank: Int {
    switch self {
    case .trace: 0
    case .debug: 1
    case .info: 2
    case .warn: 3
    case .error: 4
    }
  }
}

/// The shape of log lines; the raw value is its name in options and files.
package enum LogFormat: String, CaseIterable, Hashable, Sendable {
  /// The journal under systemd, else text.
  case auto
  case text
  case json
  case journal
}

/// A backend that an administrator names: a `[[backends]]` entry of nexus.toml, or one that was added
/// while the daemon ran, which is spoken to by the default `access`.
package struct AdministeredBackend: Hashable, Sendable {
  package var name: String
  package var url: BackendURL
  package var type: BackendType?
  /// Lower is preferred; nil for the default.
  package var priority: Int?
  package var access: AccessSettings

  package init(
    name: String, url: BackendURL, type: BackendType? = nil, priority: Int? = nil,
    access: AccessSettings = AccessSettings()
  ) {
    self.name = name
    self.url = url
    self.type = type
    self.priority = priority
    self.access = access
  }
}
