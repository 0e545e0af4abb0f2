// Who may ask for what.

extension Requester {
  /// Methods that only read, which everybody may.
  package static let readingMethods: Set = ["GET", "HEAD"]

  package var mayChangeState: Bool {
    if case .local(mayChange: true) = self { true } else { false }
  }

  /// The answer where this requester may not use a method that the path has; nil where it may.
  package func refusal(of method: String, changesState: Bool) -> HTTPResponse? {
    switch self {
    case _ where Self.readingMethods.contains(method): nil
    case .network:
      .error(
        .forbidden, code: "read_only",
        "the API is read-only over TCP; \(method) is possible on the Unix socket")
    case .local(mayChange: false) where changesState:
      .error(
        .forbidden,
        "only root, the daemon's own user and members of the group nexus-discovery may change this")
    case .local: nil
    }
  }
}

extension HTTPResponse {
  /// For a request over a loopback address that names another host than this machine.
  package static let hostRefused = HTTPResponse.error(
    .forbidden, code: "host_refused",
    "over a loopback address the Host must be localhost or a loopback address")
}
