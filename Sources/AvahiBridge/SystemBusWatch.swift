import DiscoveryCore
import Dispatch
import EventLoop
import Glibc

/// Tells when the system bus's socket appears, or another in its place: no polling for a bus that is
/// not there.
///
/// It watches the socket's directory with inotify, or the nearest one that exists until that one
/// does. Confined to its queue.
final class SystemBusWatch {
  /// What tells one socket from the next at the same path.
  private struct Identity: Equatable {
    let device: UInt64
    let inode: UInt64
    let changed: Int64
    let changedNanoseconds: Int64
  }

  private let path: String
  private let descriptor: Int32
  private let appeared: () -> Void
  private var file: FileWatch?
  private var watch: Int32 = -1
  private var socket: Identity?

  /// Watches for a socket at `path` other than the one that may be there now; nil when inotify has
  /// nothing left to give.
  init?(path: String, queue: DispatchQueue, appeared: @escaping @Sendable () -> Void) {
    self.path = path
    self.appeared = appeared
    // IN_NONBLOCK and IN_CLOEXEC are the same numbers (inotify(7)).
    descriptor = inotify_init1(O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    let weakly = Confined(self)
    file = FileWatch(descriptor: descriptor, queue: queue) { _ in weakly.object?.directoryChanged()
    }
    guard file != nil else { return nil }
    socket = Self.identity(of: path)
    watchNearestDirectory()
  }

  deinit {
    file?.cancel()
    if descriptor >= 0 { close(descriptor) }
  }

  private func directoryChanged() {
    // What happened does not matter, only what is there now.
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
      while read(descriptor, buffer.baseAddress, buffer.count) > 0 {}
    }
    watchNearestDirectory()
    let found = Self.identity(of: path)
    guard found != socket else { return }
    socket = found
    if found != nil { appeared() }
  }

  private func watchNearestDirectory() {
    // A directory that is made while its parent is being watched shows in the next round.
    for _ in 0..<8 {
      guard let directory = Self.nearestDirectory(above: path) else { return }
      let added = inotify_add_watch(
        descriptor, directory,
        UInt32(IN_CREATE) | UInt32(IN_MOVED_TO) | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF)
          | UInt32(IN_ONLYDIR))
      if added >= 0, added != watch {
        if watch >= 0 { inotify_rm_watch(descriptor, watch) }
        watch = added
      }
      if Self.nearestDirectory(above: path) == directory { return }
    }
  }

  private static func nearestDirectory(above path: String) -> String? {
    var components = path.split(separator: "/")
    while !components.isEmpty {
      components.removeLast()
      let directory = "/" + components.joined(separator: "/")
      var status = stat()
      if stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return directory }
    }
    return nil
  }

  private static func identity(of path: String) -> Identity? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Identity(
      device: UInt64(status.st_dev), inode: UInt64(status.st_ino),
      changed: Int64(status.st_ctim.tv_sec), changedNanoseconds: Int64(status.st_ctim.tv_nsec))
  }
}

/// Where the system bus is.
package enum SystemBusAddress {
  package static let defaultPath = "/run/dbus/system_bus_socket"

  /// The socket's path for the value of DBUS_SYSTEM_BUS_ADDRESS (D-Bus specification, "Server
  /// Addresses"); nil when the address names no path.
  package static func socketPath(for address: String?) -> String? {
    guard let address, !address.isEmpty else { return defaultPath }
    for entry in address.split(separator: ";") where entry.hasPrefix("unix:") {
      for pair in entry.dropFirst(5).split(separator: ",") where pair.hasPrefix("path=") {
        return unescaped(pair.dropFirst(5))
      }
    }
    return nil
  }

  /// The path on this machine, for this process.
  static var ownSocketPath: String? {
    socketPath(for: getenv("DBUS_SYSTEM_BUS_ADDRESS").map { String(cString: $0) })
  }

  /// False when nobody listens at the socket; true for a bus whose socket is not known.
  package static func isAnswering(_ path: String?) -> Bool {
    guard let path else { return true }
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { buffer in
      // Zeroed, so the last byte ends it.
      guard path.utf8.count < buffer.count else { return false }
      buffer.copyBytes(from: path.utf8)
      return true
    }
    guard fits else { return true }
    let result = withUnsafeBytes(of: address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) {
        connect(descriptor, $0.baseAddress, socklen_t(bytes.count))
      }
    }
    return result == 0 || ![ENOENT, ENOTDIR, ECONNREFUSED].contains(errno)
  }

  /// "%20" is a space; nil for an escape that is none.
  private static func unescaped(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == Ascii.percent else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(Ascii.hexValue),
        let low = rest.popFirst().flatMap(Ascii.hexValue)
      else { return nil }
      bytes.append(high << 4 | low)
    }
    guard bytes.first == Ascii.slash, !bytes.contains(0) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
