import DiscoveryCore

/// Why a request was not done: `{"error": {"code": "not_found", "message": "…"}}`.
package struct ErrorDocument: Hashable, Sendable, Encodable {
  package struct Reason: Hashable, Sendable, Encodable {
    /// A word for programs, such as `not_found`.
    package var code: String
    /// A sentence for people.
    package var message: String

    package init(code: String, message: String) {
      self.code = code
      self.message = message
    }
  }

  package var error: Reason

  package init(code: String, message: String) {
    error = Reason(code: code, message: message)
  }
}

extension ErrorDocument: JSONReadable {
  package init(_ json: JSON) throws(JSONMismatch) {
    guard let reason = json["error"] else { throw JSON.mismatch("error", "there") }
    self.init(code: try reason.text("code"), message: try reason.text("message"))
  }
}
