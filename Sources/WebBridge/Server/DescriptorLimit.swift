import Glibc

/// How many descriptors the process may have open (getrlimit(2), RLIMIT_NOFILE).
package enum DescriptorLimit {
  /// What everything but the server's connections and probes may need.
  private static let reserve = 512

  /// Lowers the wanted connections and probes to as many as fit under a limit, with room for
  /// everything else; of a small limit half is the connections', and a quarter the probes'.
  package static func fit(_ limits: inout WebServer.Limits, under limit: UInt) {
    let limit = Int(clamping: limit)
    limits.probes = min(limits.probes, limit / 4)
    limits.connections = min(
      limits.connections, max(limit - reserve - limits.probes, limit / 2))
  }

  /// Raises the process's limit, if the hard limit lets it, to what connections and probes need,
  /// lowers those to as many as fit, and runs `body` with just that limit: the library allocates its
  /// tables for as many as are allowed at that moment, which may be a million, and refuses higher
  /// descriptors from then on.
  static func apply<Result>(_ limits: inout WebServer.Limits, _ body: () -> Result) -> Result {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return body() }
    let former = limit
    let wanted = limits.connections + limits.probes + reserve
    limit.rlim_cur = min(rlim_t(wanted), limit.rlim_max)
    setrlimit(resource, &limit)
    fit(&limits, under: limit.rlim_cur)
    defer {
      limit.rlim_cur = max(limit.rlim_cur, former.rlim_cur)
      setrlimit(resource, &limit)
    }
    return body()
  }
}
