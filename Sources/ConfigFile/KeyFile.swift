import DiscoveryCore

/// A file that holds one key and nothing else, as `api_key_file` and systemd's credentials do.
struct KeyFile {
  let key: APIKey
  /// True when users other than its owner and group may read or write it.
  let isOpenToAll: Bool

  /// Why there is no key; says nothing of what the file holds.
  enum Problem: Error, CustomStringConvertible {
    case file(FileText.Problem)
    case empty
    case notOneKey

    var description: String {
      switch self {
      case .file(let problem): problem.description
      case .empty: "the file is empty"
      case .notOneKey: "it must hold one line of visible ASCII characters"
      }
    }
  }

  /// No header that a server accepts is longer.
  private static let maximumSize = 8 << 10

  /// Reads the key in the file at `path`; space and line ends around it do not count.
  init(path: String) throws(Problem) {
    let file: FileText.Regular
    do throws(FileText.Problem) {
      file = try FileText.regular(path, limit: Self.maximumSize)
    } catch {
      throw .file(error)
    }
    isOpenToAll = file.mode & 0o006 != 0
    var bytes = file.bytes.drop(while: Self.isSpace)
    while let last = bytes.last, Self.isSpace(last) { bytes.removeLast() }
    guard !bytes.isEmpty else { throw .empty }
    guard let key = APIKey(String(decoding: bytes, as: UTF8.self)) else { throw .notOneKey }
    self.key = key
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }
}
