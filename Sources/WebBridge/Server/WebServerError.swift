/// Why the server does not start.
package enum WebServerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Another process answers at the socket; its id where the kernel tells it.
  case socketInUse(path: String, pid: Int32?)
  /// Something that is no socket is at the path.
  case notASocket(path: String)
  /// Another process listens at `address` (`127.0.0.1:6398`).
  case addressInUse(address: String)
  /// A system call failed: `operation` (`bind /run/…`), errno and its text.
  case system(operation: String, code: Int32, text: String)
  /// libwebsockets failed, with its own text where it had one.
  case library(operation: String, text: String)

  package var description: String {
    switch self {
    case .socketInUse(let path, let pid?): "\(path) is in use by process \(pid)"
    case .socketInUse(let path, nil): "\(path) is in use by another process"
    case .notASocket(let path): "\(path) exists and is no socket"
    case .addressInUse(let address):
      "\(address) is in use by another process; \"host\" and \"port\" in [server], or --host and"
        + " --port, choose another address, and host \"\" none"
    case .system(let operation, _, let text): "\(operation): \(text)"
    case .library(let operation, let text): "libwebsockets: \(operation): \(text)"
    }
  }
}
