import Glibc

/// A call to libsystemd that failed: which one, and why.
package struct SystemdFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The call, as its manual page names it: `sd_notify`.
  package let operation: String
  /// The errno(3) that it returned.
  package let code: Int32

  package init(operation: String, code: Int32) {
    self.operation = operation
    self.code = code
  }

  /// `sd_notify: Connection refused`.
  package var description: String {
    // glibc's strerror is thread-safe since 2.32, for known and unknown codes.
    "\(operation): \(strerror(code).map { String(cString: $0) } ?? "error \(code)")"
  }
}
