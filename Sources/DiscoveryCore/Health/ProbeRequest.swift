/// One request of a health check: to one address, with all that it takes and nothing more.
package struct ProbeRequest: Hashable, Sendable {
  package enum Question: Hashable, Sendable {
    /// `GET path`, the path with its query.
    case get(path: String)
    /// Only a TCP connection: for servers that nothing harmless can be asked.
    case connect
  }

  /// How far it may go.
  package struct Limits: Hashable, Sendable {
    /// Until the connection stands (TCP, and TLS where there is any).
    package var connecting: Duration
    /// For all of it, the connection included.
    package var total: Duration
    /// Bytes of the answer's body.
    package var body = 1 << 20
    /// Bytes of the answer's status line and headers.
    package var headers = 16 << 10

    package init(connecting: Duration, total: Duration) {
      self.connecting = connecting
      self.total = total
    }
  }

  package let question: Question
  package let scheme: URLScheme
  /// Where to connect to; link-local IPv6 with its zone.
  package let address: Address
  package let port: UInt16
  /// The name or address that the URL has: the certificate must be for it. Without a zone.
  package let serverName: String
  package let access: ProbeAccess
  package let limits: Limits

  package init(
    question: Question, scheme: URLScheme, address: Address, port: UInt16, serverName: String,
    access: ProbeAccess, limits: Limits
  ) {
    self.question = question
    self.scheme = scheme
    self.address = address
    self.port = port
    self.serverName = serverName
    self.access = access
    self.limits = limits
  }

  /// The value of the Host header: IPv6 in brackets, without a zone (RFC 9110 §7.2, RFC 6874 §4);
  /// the port where it is not the scheme's own.
  package var hostHeader: String {
    let host = serverName.utf8.contains(Ascii.colon) ? "[\(serverName)]" : serverName
    return port == scheme.defaultPort ? host : "\(host):\(port)"
  }
}

/// How one configured server is spoken to; what the network named is spoken to by the default.
package struct ProbeAccess: Hashable, Sendable {
  /// False: any certificate will do.
  package var verifiesCertificate: Bool
  /// Path of the certificates that are trusted in place of the system's; nil for the system's.
  package var authorities: String?
  /// Sent as `Authorization: Bearer …`; nil: no such header.
  package var key: APIKey?

  package init(
    verifiesCertificate: Bool = true, authorities: String? = nil, key: APIKey? = nil
  ) {
    self.verifiesCertificate = verifiesCertificate
    self.authorities = authorities
    self.key = key
  }
}

/// A secret that shows itself to nobody who prints it.
package struct APIKey: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The key as it is sent.
  package let value: String

  /// Nil for a text that no header can carry: empty, or with anything but visible ASCII (RFC 6750).
  package init?(_ text: String) {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    value = text
  }

  package var description: String { "(hidden)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
