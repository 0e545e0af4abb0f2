/// One request as it came over a connection.
package struct HTTPRequest: Hashable, Sendable {
  package struct Header: Hashable, Sendable {
    /// In lower case.
    package let name: String
    package let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Methods that some path knows.
  package static let knownMethods = ["GET", "HEAD", "POST", "DELETE"]

  package var method: String
  /// The path as it was sent, percent-encoded, beginning with "/"; whatever stands in its place for
  /// a method that is not known.
  package var path: String
  /// What stands after "?", percent-encoded; nil without one.
  package var query: String?
  /// The host that the target names, in absolute form (RFC 9112 §3.2.2); nil for any other form.
  package var authority: String?
  package var headers: [Header]
  package var body: [UInt8]
  /// HTTP/1.0: no `Connection: keep-alive` unless it asks for it.
  package var isVersion10: Bool

  package init(
    method: String, path: String, query: String? = nil, authority: String? = nil,
    headers: [Header] = [], body: [UInt8] = [], isVersion10: Bool = false
  ) {
    self.method = method
    self.authority = authority
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.isVersion10 = isVersion10
  }

  /// The first value of a header; `name` in lower case.
  package subscript(header name: String) -> String? {
    headers.first { $0.name == name }?.value
  }

  /// The host that is asked, with its port if it says one; an absolute target's goes before the header.
  /// nil where an HTTP/1.0 request names none.
  package var host: String? { authority ?? self[header: "host"] }

  /// True when the connection stays open after the answer (RFC 9112 §9.3).
  package var keepsConnection: Bool {
    var keepsAlive = !isVersion10
    for header in headers where header.name == "connection" {
      for option in header.value.split(separator: ",") {
        switch option.lowercased().filter({ $0 != " " && $0 != "\t" }) {
        case "close": return false
        case "keep-alive": keepsAlive = true
        default: break
        }
      }
    }
    return keepsAlive
  }
}
