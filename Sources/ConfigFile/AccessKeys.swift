import DiscoveryCore

/// Where a backend's keys of access stand in the file; nil for those that are not there.
struct AccessPositions: Hashable, Sendable {
  var authorities: TomlPosition?
  var key: TomlPosition?
  /// The first of them all.
  var first: TomlPosition?
}

extension AccessSettings {
  /// Reads `tls_verify`, `ca_file`, `api_key_env` and `api_key_file`, and says what is odd about them
  /// for a backend at `url`. No message repeats what may be a key in the wrong place.
  static func read(
    from section: inout SectionReader, url: BackendURL?
  ) -> (AccessSettings, AccessPositions) {
    var access = AccessSettings()
    section.read("tls_verify", .boolean, into: &access.verifiesCertificate)
    access.authorities = section.value("ca_file", .filePath)
    let variable = section.value("api_key_env", .variableName)
    let file = section.value("api_key_file", .filePath)
    access.key = file.map { .file($0) } ?? variable.map { .environment($0) }
    // Asked for only where it stands, so that no hint leads to it.
    if section.position(of: "api_key") != nil { _ = section.value("api_key", .keyItself) }
    if let env = section.position(of: "api_key_env"),
      let file = section.position(of: "api_key_file")
    {
      section.error(
        at: max(env, file),
        "\"api_key_env\" and \"api_key_file\" in [[backends]] exclude each other")
    }
    if let url { access.warn(at: url, in: section) }
    let positions = AccessPositions(
      authorities: section.valuePosition(of: "ca_file"),
      key: section.valuePosition(of: file == nil ? "api_key_env" : "api_key_file"),
      first: ["tls_verify", "ca_file", "api_key_env", "api_key_file"]
        .compactMap(section.position(of:)).min())
    return (access, positions)
  }

  private func warn(at url: BackendURL, in section: SectionReader) {
    let keyPosition =
      section.position(of: "api_key_file") ?? section.position(of: "api_key_env")
    let sentKeyPosition = key == nil || url.host.isLoopback ? nil : keyPosition
    switch url.scheme {
    case .http:
      for name in ["tls_verify", "ca_file"] {
        guard let position = section.position(of: name) else { continue }
        section.warning(
          at: position, "\"\(name)\" in [[backends]] has no effect on an http:// URL")
      }
      if let sentKeyPosition {
        section.warning(
          at: sentKeyPosition, "the key goes unencrypted over the network",
          hint: "use https://, if the server can")
      }
    case .https where !verifiesCertificate:
      if let position = section.position(of: "ca_file") {
        section.warning(
          at: position,
          "\"ca_file\" in [[backends]] has no effect where \"tls_verify\" is false")
      }
      if let sentKeyPosition {
        section.warning(
          at: sentKeyPosition, "the key goes to whoever answers, as no certificate is verified",
          hint: "name the server's certificate in \"ca_file\" instead")
      }
    case .https: break
    }
  }
}

extension BackendURL.Host {
  fileprivate var isLoopback: Bool {
    switch self {
    case .address(let address): address.isLoopback
    case .name(let name): HostName.isLoopback(name)
    }
  }
}

extension ValueKind where Value == String {
  fileprivate static var filePath: Self {
    .text { path throws(TextProblem) in
      // A daemon's working directory is no place to count from.
      guard path.hasPrefix("/") else { throw .must("be the absolute path of a file") }
      guard path.utf8.count < 4096 else { throw .must("be shorter than 4096 bytes") }
      guard !path.hasControlCharacters else { throw .must("not hold control characters") }
      return path
    }
  }

  /// POSIX.1-2017 XBD 8.1, in any case.
  fileprivate static var variableName: Self {
    .text { name throws(TextProblem) in
      let isName =
        (1...255).contains(name.utf8.count)
        && name.utf8.allSatisfy { byte in
          byte == UInt8(ascii: "_") || Ascii.digits.contains(byte)
            || Ascii.lowercaseLetters.contains(Ascii.lowercased(byte))
        }
        && !Ascii.digits.contains(name.utf8.first ?? 0)
      guard isName else {
        throw .must("be the name of an environment variable, as in \"GPU_BOX_KEY\"")
      }
      return name
    }
  }

  /// Never read: a key that stands in the file itself.
  fileprivate static var keyItself: Self {
    Self { value, place in
      place.error(
        at: value, "a key does not belong into this file, which others may read",
        hint: "put it into a file of its own, and the path of that into \"api_key_file\"")
      return nil
    }
  }
}
