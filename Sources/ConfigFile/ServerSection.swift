import DiscoveryCore

extension ServerSettings {
  mutating func read(from section: inout SectionReader) {
    section.read("socket", .socketPath, into: &socket)
    let host = section.value("host", .text { $0 })
    _ = section.value("port", .integer(1...65_535))
    _ = section.value("allow_remote", .boolean)
    // An empty host asks for no TCP listener, which is what this version does.
    guard host != "" else { return }
    let first = ["host", "port", "allow_remote"].compactMap(section.position(of:)).min()
    if let first {
      section.warning(
        at: first, "this version serves the Unix socket only",
        hint: "\"host\", \"port\" and \"allow_remote\" have no effect yet")
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
