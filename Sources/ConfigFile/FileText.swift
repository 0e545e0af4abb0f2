import Glibc

/// The bytes of a configuration file.
enum FileText {
  /// A file of settings is never this large, so a larger one is some other file.
  static let maximumSize = 1 << 20

  /// Why a file cannot be read.
  enum Problem: Error, CustomStringConvertible {
    case missing
    /// With the system's own words.
    case unreadable(String)
    case tooBig

    var description: String {
      switch self {
      case .missing: "the file does not exist"
      case .unreadable(let reason): "the file cannot be read: \(reason)"
      case .tooBig: "the file is larger than 1 MiB"
      }
    }
  }

  static func bytes(ofFile path: String) throws(Problem) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw errno == ENOENT ? .missing : .unreadable(lastError()) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(lastError()) }
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= maximumSize else { throw .tooBig }
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
