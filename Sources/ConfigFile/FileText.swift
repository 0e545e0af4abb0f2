import Glibc

/// The bytes of a configuration file, or of one that it names.
enum FileText {
  /// A file of settings is never this large, so a larger one is some other file.
  static let maximumSize = 1 << 20

  /// A file and who may use it.
  struct Regular {
    let bytes: [UInt8]
    let mode: mode_t
  }

  /// Why a file cannot be read.
  enum Problem: Error, CustomStringConvertible {
    case missing
    /// With the system's own words.
    case unreadable(String)
    /// A directory, a pipe, a device.
    case notRegular
    /// With the limit in bytes, some KiB.
    case tooBig(Int)

    var description: String {
      switch self {
      case .missing: "the file does not exist"
      case .unreadable(let reason): "the file cannot be read: \(reason)"
      case .notRegular: "it is not a regular file"
      case .tooBig(let limit):
        "the file is larger than \(limit < 1 << 20 ? "\(limit >> 10) KiB" : "\(limit >> 20) MiB")"
      }
    }
  }

  static func bytes(ofFile path: String) throws(Problem) -> [UInt8] {
    let descriptor = try open(path)
    defer { close(descriptor) }
    return try read(descriptor, limit: maximumSize)
  }

  /// Reads a regular file of at most `limit` bytes; nothing else is waited for.
  static func regular(_ path: String, limit: Int) throws(Problem) -> Regular {
    // Without O_NONBLOCK, a pipe would be waited for until somebody writes.
    let descriptor = try open(path, O_NONBLOCK)
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(lastError()) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
    return Regular(bytes: try read(descriptor, limit: limit), mode: status.st_mode & 0o7777)
  }

  private static func open(_ path: String, _ flags: Int32 = 0) throws(Problem) -> Int32 {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags)
    guard descriptor >= 0 else { throw errno == ENOENT ? .missing : .unreadable(lastError()) }
    return descriptor
  }

  private static func read(_ descriptor: Int32, limit: Int) throws(Problem) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(lastError()) }
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= limit else { throw .tooBig(limit) }
    }
  }

  /// The first byte of `bytes` that UTF-8 does not allow where it stands.
  static func firstInvalidByte(in bytes: [UInt8]) -> (TomlPosition, UInt8) {
    var line = 1
    var column = 1
    var offset = 0
    var decoder = UTF8()
    var rest = bytes.makeIterator()
    while case .scalarValue(let scalar) = decoder.decode(&rest) {
      offset += UTF8.width(scalar)
      if scalar == "\n" {
        line += 1
        column = 1
      } else {
        column += 1
      }
    }
    let byte = offset < bytes.count ? bytes[offset] : 0
    return (TomlPosition(line: line, column: column), byte)
  }

  private static func lastError() -> String { String(cString: strerror(errno)) }
}
