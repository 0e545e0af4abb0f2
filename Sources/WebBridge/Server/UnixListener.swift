import Glibc

/// A listening Unix socket and the file that it is reached by.
///
/// The library's own listener would unlink whatever is at the path, tells no reason when it fails,
/// and in 4.3 tries for ever where a directory may not be written to.
package struct UnixListener: Sendable {
  /// Non-blocking, close-on-exec.
  package let descriptor: Int32
  private let path: String
  private let device: UInt64
  private let inode: UInt64

  /// Listens at `path`, open to every local user. A missing directory is made, a socket that nobody
  /// listens at is replaced; one that somebody does is left alone.
  package init(path: String) throws(WebServerError) {
    self.path = path
    guard let address = UnixAddress(path: path) else {
      throw .system(
        operation: "listen at \(path)", code: ENAMETOOLONG,
        text: "a socket's path has 1 to 107 bytes")
    }
    try Self.makeDirectory(of: path)
    // Two that start together may both find a stale file: the slower one must not take the file
    // that the faster one has put there meanwhile for it.
    let lock = try Self.lockDirectory(of: path)
    defer { close(lock) }
    try Self.removeStale(path, address)

    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Self.flags, 0)
    guard descriptor >= 0 else { throw Self.failure("socket") }
    do throws(WebServerError) {
      // Fails when another process was faster: nothing is ever stolen.
      guard address.use({ bind(descriptor, $0, $1) }) == 0 else {
        throw Self.failure("bind \(path)")
      }
      // Open to all for reading; who may change something is `ChangeRule`'s to say.
      guard chmod(path, 0o666) == 0 else { throw Self.failure("chmod \(path)") }
      guard listen(descriptor, SOMAXCONN) == 0 else { throw Self.failure("listen \(path)") }
      var info = stat()
      guard lstat(path, &info) == 0 else { throw Self.failure("lstat \(path)") }
      device = UInt64(info.st_dev)
      inode = UInt64(info.st_ino)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
  }

  /// Removes the socket's file, if it is still the one that was made. The descriptor must be open
  /// still: it keeps the inode's number from being given to another file.
  package func removeFile() {
    var info = stat()
    guard lstat(path, &info) == 0, UInt64(info.st_dev) == device, UInt64(info.st_ino) == inode
    else { return }
    unlink(path)
  }

  private static let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

  private static func makeDirectory(of path: String) throws(WebServerError) {
    var end = path.startIndex
    while let slash = path[end...].firstIndex(of: "/") {
      end = path.index(after: slash)
      let directory = String(path[..<slash])
      guard !directory.isEmpty, mkdir(directory, 0o755) != 0 else {
        // Whatever the process's umask says, others have to reach the socket.
        if !directory.isEmpty { chmod(directory, 0o755) }
        continue
      }
      let code = errno
      guard code == EEXIST || access(directory, F_OK) == 0 else {
        errno = code
        throw failure("mkdir \(directory)")
      }
    }
  }

  /// Holds the directory's lock (flock(2)) until the descriptor that it returns is closed.
  private static func lockDirectory(of path: String) throws(WebServerError) -> Int32 {
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open \(directory)") }
    // Starting takes milliseconds. Whoever may read the directory can lock it, so one that stays
    // locked is somebody's attempt to keep the daemon from starting.
    for _ in 0..<100 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { break }
      guard errno == EWOULDBLOCK || errno == EINTR else {
        let error = failure("flock \(directory)")
        close(descriptor)
        throw error
      }
      usleep(10_000)
    }
    return descriptor
  }

  private static func removeStale(_ path: String, _ address: UnixAddress) throws(WebServerError) {
    var info = stat()
    guard lstat(path, &info) == 0 else { return }
    guard info.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: path) }
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | flags, 0)
    guard probe >= 0 else { throw failure("socket") }
    defer { close(probe) }
    if address.use({ connect(probe, $0, $1) }) == 0 {
      // struct ucred of socket(7), which glibc hides.
      var peer: (pid: Int32, uid: UInt32, gid: UInt32) = (0, 0, 0)
      var size = socklen_t(MemoryLayout.size(ofValue: peer))
      let isKnown = getsockopt(probe, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
      throw .socketInUse(path: path, pid: isKnown && peer.pid > 0 ? peer.pid : nil)
    }
    switch errno {
    case ECONNREFUSED, ENOENT: break
    case EAGAIN: throw .socketInUse(path: path, pid: nil)
    default: throw failure("connect \(path)")
    }
    guard unlink(path) == 0 || errno == ENOENT else { throw failure("unlink \(path)") }
  }

  private static func failure(_ operation: String) -> WebServerError {
    let code = errno
    return .system(operation: operation, code: code, text: String(cString: strerror(code)))
  }
}
