import Glibc

/// How many descriptors the process may have open (getrlimit(2), RLIMIT_NOFILE).
enum DescriptorLimit {
  /// What everything but the server's connections may need.
  private static let reserve: rlim_t = 512

  /// Raises the process's limit, if the hard limit lets it, to what `connections` need, and runs
  /// `body` with just that limit: the library allocates its tables for as many as are allowed at
  /// that moment, which may be a million, and refuses higher descriptors from then on.
  static func apply<Result>(connections: Int, _ body: () -> Result) -> Result {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return body() }
    let former = limit
    limit.rlim_cur = min(rlim_t(connections) + reserve, limit.rlim_max)
    setrlimit(resource, &limit)
    defer {
      limit.rlim_cur = max(limit.rlim_cur, former.rlim_cur)
      setrlimit(resource, &limit)
    }
    return body()
  }
}
