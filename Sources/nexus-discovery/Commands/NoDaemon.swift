import Glibc

/// What to say when nothing answers at the socket.
package enum NoDaemon {
  /// - Parameter code: The errno of connect(2), which decides what there is to do.
  package static func failure(socket: String, code: Int32) -> CommandFailure {
    let reason = String(cString: strerror(code)).lowercased()
    let advice =
      switch code {
      case EACCES, EPERM: "may you use it? ls -l \(socket)"
      default: "is it running? systemctl start \(Product.name)"
      }
    return CommandFailure("no daemon at \(socket) (\(reason)); \(advice)", status: .noDaemon)
  }
}
