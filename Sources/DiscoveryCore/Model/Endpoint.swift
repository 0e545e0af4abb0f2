/// Where one server listens, as its URL names it: two backends with the same are one server.
package struct Endpoint: Hashable, Sendable {
  package let scheme: URLScheme
  /// An address (link-local IPv6 with its zone) or a host name.
  package let host: String
  package let port: UInt16

  package init(scheme: URLScheme, host: String, port: UInt16) {
    self.scheme = scheme
    self.host = host
    self.port = port
  }

  /// Where an administrator's URL leads.
  package init(_ url: BackendURL) {
    self.init(scheme: url.scheme, host: url.host.description, port: url.port)
  }
}

extension Backend {
  /// Where its URL leads, without the path.
  package var endpoint: Endpoint { facts.endpoint }
}
