import Glibc

/// The process's environment.
package enum Environment {
  /// The value of `name`; nil when it is not set.
  @Sendable package static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
