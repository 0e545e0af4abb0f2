import Glibc

/// What to say when nothing answers at the socket.
package enum NoDaemon {
  /// - Parameter reason: The text of connect(2)'s errno, which decides what there is to do.
  package static func failure(socket: String, reason: String) -> CommandFailure {
    let isRefused = [EACCES, EPERM].contains { String(cString: strerror($0)) == reason }
    let advice =
      isRefused
      ? "may this user use it? ls -l \(socket)"
      : "is it running? systemctl start \(Product.name)"
    return CommandFailure(
      "no daemon at \(socket) (\(reason.lowercased())); \(advice)", status: .noDaemon)
  }
}
