/// The URL of a backend as an administrator writes it, taken apart and checked (RFC 3986).
package struct BackendURL: Hashable, Sendable, CustomStringConvertible {
  package let scheme: URLScheme
  package let host: Host
  package let port: UInt16
  /// "" or the path without a last "/"; nil where the URL has none or only "/".
  package let path: String?

  package enum Host: Hashable, Sendable, CustomStringConvertible {
    case address(Address)
    /// A host name in lower case without the last dot.
    case name(String)

    package var description: String {
      switch self {
      case .address(let address): address.description
      case .name(let name): name
      }
    }

    /// The host as it stands in a URL.
    package var urlHost: String {
      switch self {
      case .address(let address): address.urlHost
      case .name(let name): name
      }
    }
  }

  /// Why a text is no URL of a backend.
  package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
    case noScheme
    case unsupportedScheme(String)
    case noHost
    case badHost(String)
    case badPort(String)
    case userInfo
    case queryOrFragment
    case badPath(String)

    package var description: String {
      switch self {
      case .noScheme: "a URL begins with http:// or https://, as in \"http://10.0.0.5:11434\""
      case .unsupportedScheme(let scheme): "\"\(scheme)\" is neither http nor https"
      case .noHost: "there is no host after the scheme"
      case .badHost(let host): "\"\(host)\" is neither an address nor a host name"
      case .badPort(let port): "port \"\(port)\" is not between 1 and 65535"
      case .userInfo: "a user name or password does not belong into a backend's URL"
      case .queryOrFragment: "a query or fragment does not belong into a backend's URL"
      case .badPath(let path):
        "path \"\(path)\" must hold only path characters, with no \"//\" and no dot segments"
      }
    }
  }

  init(scheme: URLScheme, host: Host, port: UInt16, path: String?) {
    self.scheme = scheme
    self.host = host
    self.port = port
    self.path = path
  }

  package init(parsing text: String) throws(Problem) {
    guard let (scheme, rest) = Self.splitScheme(text) else { throw .noScheme }
    guard let scheme = URLScheme(rawValue: scheme.lowercased()) else {
      throw .unsupportedScheme(String(scheme))
    }
    guard !rest.contains("?"), !rest.contains("#") else { throw .queryOrFragment }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = rest[..<slash]
    guard !authority.contains("@") else { throw .userInfo }
    let (hostText, portText) = Self.splitPort(authority)
    self.scheme = scheme
    host = try Self.host(hostText)
    if let portText {
      guard let port = UInt16(portText), port > 0, portText.utf8.allSatisfy(Ascii.digits.contains)
      else { throw .badPort(String(portText)) }
      self.port = port
    } else {
      port = scheme.defaultPort
    }
    var path = rest[slash...]
    while path.last == "/" { path.removeLast() }
    guard path.isEmpty || APIPath.isValid(path) else { throw .badPath(String(path)) }
    self.path = path.isEmpty ? nil : String(path)
  }

  /// The URL in its one normal form: lower-case host, the port always, no last "/".
  package var description: String {
    "\(scheme.rawValue)://\(host.urlHost):\(port)\(path ?? "")"
  }

  private static func splitScheme(_ text: String) -> (Substring, Substring)? {
    guard let colon = text.utf8.firstIndex(of: Ascii.colon),
      text[colon...].hasPrefix("://")
    else { return nil }
    return (text[..<colon], text[text.utf8.index(colon, offsetBy: 3)...])
  }

  private static func splitPort(_ authority: Substring) -> (host: Substring, port: Substring?) {
    let search = authority.lastIndex(of: "]").map { authority[$0...] } ?? authority
    guard let colon = search.lastIndex(of: ":") else { return (authority, nil) }
    return (authority[..<colon], authority[authority.index(after: colon)...])
  }

  private static func host(_ text: Substring) throws(Problem) -> Host {
    guard !text.isEmpty else { throw .noHost }
    if text.hasPrefix("["), text.hasSuffix("]") {
      var inner = String(text.dropFirst().dropLast())
      if let escape = inner.firstIndex(of: "%"), inner[escape...].hasPrefix("%25") {
        inner.removeSubrange(
          inner.index(after: escape)..<inner.index(escape, offsetBy: 3))
      }
      guard let address = Address(inner), address.family == .ipv6 else {
        throw .badHost(String(text))
      }
      return .address(address)
    }
    if let address = Address(text), address.family == .ipv4 { return .address(address) }
    guard let name = HostName.normalized(text) else { throw .badHost(String(text)) }
    return .name(name)
  }
}
