import Glibc

/// How many descriptors the process may have open (getrlimit(2), RLIMIT_NOFILE).
package enum DescriptorLimit {
  /// What everything but the server's connections may need.
  private static let reserve = 512

  /// How many of the wanted connections fit under a limit, with room for everything else; under a
  /// small limit half of it.
  package static func connections(wanted: Int, under limit: UInt) -> Int {
    let limit = Int(clamping: limit)
    return min(wanted, max(limit - reserve, limit / 2))
  }

  /// Raises the process's limit, if the hard limit lets it, to what `connections` need, lowers those
  /// to as many as fit, and runs
  /// `body` with just that limit: the library allocates its tables for as many as are allowed at
  /// that moment, which may be a million, and refuses higher descriptors from then on.
  static func apply<Result>(connections: inout Int, _ body: () -> Result) -> Result {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return body() }
    let former = limit
    limit.rlim_cur = min(rlim_t(connections + reserve), limit.rlim_max)
    setrlimit(resource, &limit)
    connections = Self.connections(wanted: connections, under: limit.rlim_cur)
    defer {
      limit.rlim_cur = max(limit.rlim_cur, former.rlim_cur)
      setrlimit(resource, &limit)
    }
    return body()
  }
}
