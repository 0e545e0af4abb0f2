import DiscoveryCore

extension ServerSettings {
  mutating func read(from section: inout SectionReader) {
    section.read("host", .listenHost, into: &host)
    section.read("port", .integer(1...65_535), into: &port)
    section.read("socket", .socketPath, into: &socket)
    section.read("allow_remote", .boolean, into: &allowRemote)
    guard isForbiddenRemote, let position = section.valuePosition(of: "host") else { return }
    section.error(
      at: position, "\"host\" in [server] is \"\(host)\", which other machines reach",
      hint: "add \"allow_remote = true\" if whoever reaches it may read the API")
  }
}

extension ValueKind where Value == ListenHost {
  fileprivate static var listenHost: Self {
    .text { text throws(TextProblem) in
      do throws(ListenHost.Problem) {
        return try ListenHost(parsing: text)
      } catch {
        throw .because(error.description, hint: error.hint)
      }
    }
  }
}

extension ValueKind where Value == String {
  /// The path of a Unix socket: what fits `sockaddr_un.sun_path` with its last zero (unix(7)).
  fileprivate static var socketPath: Self {
    .text { path throws(TextProblem) in
      guard path.hasPrefix("/") else { throw .must("be an absolute path, but is \"\(path)\"") }
      guard path.utf8.count <= 107 else {
        throw .must("be at most 107 bytes long, but has \(path.utf8.count) (unix(7))")
      }
      guard !path.hasSuffix("/") else { throw .must("name a file, but is \"\(path)\"") }
      guard !path.hasControlCharacters else { throw .must("not hold control characters") }
      return path
    }
  }
}
