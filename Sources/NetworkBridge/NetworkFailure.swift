import Glibc

/// A call to the system about networks that failed: which one, and why.
package struct NetworkFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The call, as its manual page names it: `bind`, `setsockopt(IP_MULTICAST_IF)`.
  package let operation: String
  /// Its errno(3).
  package let code: Int32

  /// By default the failure that errno holds now.
  package init(operation: String, code: Int32 = errno) {
    self.operation = operation
    self.code = code
  }

  /// `bind: Address already in use`.
  package var description: String {
    // glibc's strerror is thread-safe since 2.32, for known and unknown codes.
    "\(operation): \(strerror(code).map { String(cString: $0) } ?? "error \(code)")"
  }
}
