import Glibc

/// The address of a Unix socket, as the system calls take it (unix(7)).
package struct UnixAddress: Sendable {
  private var address = sockaddr_un()

  /// nil when `path` is empty or has more than 107 bytes.
  package init?(path: String) {
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { target in
      guard !bytes.isEmpty, bytes.count < target.count, !bytes.contains(0) else { return false }
      target.copyBytes(from: bytes)
      return true
    }
    guard fits else { return nil }
  }

  /// Connects or binds, by `call`; its result.
  package func use(_ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
