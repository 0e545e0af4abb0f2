import APIModel
import DiscoveryCore
import Glibc

/// The directory that state.json is in, held by one daemon at a time.
///
/// Its calls may block for as long as the disk does.
package final class StateDirectory: Sendable {
  /// A system call that failed.
  package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    package let operation: String
    package let code: Int32

    package var description: String {
      // Of these calls only flock(2) has it.
      code == EWOULDBLOCK
        ? "\(operation): another daemon holds it"
        : "\(operation): \(String(cString: strerror(code)))"
    }
  }

  /// What is found in the place of the file.
  package enum Content: Hashable, Sendable {
    case nothing
    case bytes([UInt8])
    /// With what is wrong, for a sentence that begins with its path.
    case unusable(String)
    /// It may be good, but cannot be read now; with why.
    case unreadable(String)
  }

  /// Where it is when nothing names another place.
  package static let standardPath = "/var/lib/nexus-discovery"

  package let path: String
  /// Where the state is.
  package var file: String { path + "/state.json" }
  /// Holds the lock, flock(2), as long as it is open; negative without one.
  private let lock: Int32

  /// Which directory it is: the one that was named, else systemd's, of several its first, else the
  /// standard one.
  package static func path(named: String?, environment: (String) -> String?) -> String {
    let first = environment("STATE_DIRECTORY")?.split(separator: ":").first.map(String.init)
    return named ?? first ?? standardPath
  }

  /// Takes the directory, which is made where it is missing.
  package init(path: String) throws(Failure) {
    self.path = path
    if mkdir(path, 0o700) != 0, errno != EEXIST {
      guard errno == ENOENT else { throw Self.failure("mkdir \(path)") }
      try Self.makeParents(of: path)
      guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
        throw Self.failure("mkdir \(path)")
      }
    }
    let name = path + "/state.lock"
    let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    let lock = open(name, flags, 0o600)
    // A disk that is full has no room for the lock either.
    guard lock >= 0 || errno == ENOSPC || errno == EDQUOT else {
      throw Self.failure("open \(name)")
    }
    if lock >= 0, flock(lock, LOCK_EX | LOCK_NB) != 0 {
      let failure = Self.failure("lock \(name)")
      close(lock)
      throw failure
    }
    self.lock = lock
  }

  deinit {
    if lock >= 0 { close(lock) }
  }

  /// Reads the file, unless it is anything but a plain file of at most `limit` bytes.
  package func read(limit: Int) -> Content {
    // Neither led elsewhere by a link, nor held up by a pipe.
    let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT: return .nothing
      case ELOOP: return .unusable("is a symbolic link")
      case let code: return .unreadable(String(cString: strerror(code)))
      }
    }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
      return .unusable("is no regular file")
    }
    guard info.st_size <= limit else { return .unusable("is larger than \(limit) bytes") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(info.st_size) + 1)
    while bytes.count <= limit {
      var code: Int32 = 0
      let chunk = [UInt8](unsafeUninitializedCapacity: 256 * 1024) { buffer, count in
        let received = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        code = received < 0 ? errno : 0
        count = max(received, 0)
      }
      guard code == 0 || code == EINTR else {
        return .unreadable(String(cString: strerror(code)))
      }
      if code == 0, chunk.isEmpty { return .bytes(bytes) }
      bytes += chunk
    }
    return .unusable("is larger than \(limit) bytes")
  }

  /// Replaces the file: after a crash at any moment it is the old or the new one, whole.
  package func replace(with bytes: [UInt8]) throws(Failure) {
    let new = file + ".new"
    unlink(new)
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    let descriptor = open(new, flags, 0o600)
    guard descriptor >= 0 else { throw Self.failure("open \(new)") }
    do throws(Failure) {
      defer { close(descriptor) }
      try Self.write(bytes[...], to: descriptor, called: new)
      guard fsync(descriptor) == 0 else { throw Self.failure("fsync \(new)") }
    } catch {
      unlink(new)
      throw error
    }
    guard rename(new, file) == 0 else {
      let failure = Self.failure("rename \(new)")
      unlink(new)
      throw failure
    }
    // The new name too has to be on the disk.
    let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw Self.failure("open \(path)") }
    defer { close(directory) }
    guard fsync(directory) == 0 || errno == EINVAL else { throw Self.failure("fsync \(path)") }
  }

  /// Gives the file another name, which no file has; that name.
  package func setAside(at now: WallTime) throws(Failure) -> String {
    let base = file + ".bad-" + Self.compact(now)
    var name = base
    var number = 1
    var info = stat()
    // Nobody else makes such files while the lock is held.
    while lstat(name, &info) == 0 {
      number += 1
      name = "\(base)-\(number)"
    }
    guard rename(file, name) == 0 else { throw Self.failure("rename \(file)") }
    return name
  }

  /// `20260131T100000Z`.
  private static func compact(_ time: WallTime) -> String {
    String(Timestamp(time).description.filter { $0 != "-" && $0 != ":" }.prefix { $0 != "." }) + "Z"
  }

  private static func write(
    _ bytes: ArraySlice<UInt8>, to descriptor: Int32, called name: String
  ) throws(Failure) {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        guard errno == EINTR else { throw failure("write \(name)") }
        continue
      }
      rest = rest.dropFirst(count)
    }
  }

  private static func makeParents(of path: String) throws(Failure) {
    var end = path.startIndex
    while let slash = path[end...].firstIndex(of: "/") {
      end = path.index(after: slash)
      let parent = String(path[..<slash])
      guard !parent.isEmpty, mkdir(parent, 0o755) != 0, errno != EEXIST else { continue }
      let failure = failure("mkdir \(parent)")
      guard access(parent, F_OK) == 0 else { throw failure }
    }
  }

  private static func failure(_ operation: String) -> Failure {
    Failure(operation: operation, code: errno)
  }
}
