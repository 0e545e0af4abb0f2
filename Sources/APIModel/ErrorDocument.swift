/// Why a request was not done: `{"error": {"code": "not_found", "message": "…"}}`.
package struct ErrorDocument: Hashable, Sendable, Codable {
  package struct Reason: Hashable, Sendable, Codable {
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
