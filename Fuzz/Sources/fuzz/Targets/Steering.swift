import DiscoveryCore

// What a URL means to a reader who knows nothing of ours.

/// Ends the process when `path`, behind a host and port, could lead anywhere else.
func checkPath(_ path: String) {
  guard !path.isEmpty else { return }
  let bytes = Array(path.utf8)
  check(bytes[0] == UInt8(ascii: "/"), "a path that does not begin with \"/\"")
  check(bytes.count <= 128, "a path of \(bytes.count) bytes")
  check(!path.contains("//"), "an empty segment")
  let harmless = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=%/".utf8)
  check(bytes.allSatisfy(harmless.contains), "a byte that is no part of a path in \(path)")
  let decoded = unescaped(path)
  check(decoded != nil, "a broken escape in \(path)")
  for segment in (decoded ?? []).split(separator: UInt8(ascii: "/")) {
    check(
      Array(segment) != Array(".".utf8) && Array(segment) != Array("..".utf8), "dots in \(path)")
    check(segment.allSatisfy { $0 >= 32 && $0 != UInt8(ascii: "\\") }, "a hidden byte in \(path)")
  }
  let slashes = bytes.count { $0 == UInt8(ascii: "/") }
  check((decoded ?? []).count { $0 == UInt8(ascii: "/") } == slashes, "a hidden slash in \(path)")
  checkURL("http://10.0.0.5:11434" + path, leadsTo: "10.0.0.5", port: 11434, path: path)
}

/// Ends the process unless `url` has that host, port and path, both for us and for whoever only
/// looks for the delimiters.
func checkURL(_ url: String, leadsTo host: String, port: UInt16, path: String) {
  let rest = url.drop { $0 != "/" }.dropFirst(2)
  let authority = rest.prefix { !"/?#\\".contains($0) }
  check(authority == "\(host):\(port)", "\(url) leads to \(authority)")
  check(rest.dropFirst(authority.count) == path, "\(url) has another path than \(path)")
  guard let parsed = try? BackendURL(parsing: url) else {
    check(false, "\(url) is refused")
    return
  }
  check(parsed.host.urlHost == host && parsed.port == port, "\(url) is read as \(parsed)")
  // It is written without a last slash.
  check(parsed.path ?? "" == (path.hasSuffix("/") ? String(path.dropLast()) : path), "\(parsed)")
  check((try? BackendURL(parsing: parsed.description)) == parsed, "\(parsed) is not read again")
}

private func unescaped(_ text: String) -> [UInt8]? {
  var bytes: [UInt8] = []
  let parts = text.utf8.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false)
  bytes += Array(parts[0])
  for part in parts.dropFirst() {
    guard part.count >= 2,
      let byte = UInt8(String(decoding: part.prefix(2), as: UTF8.self), radix: 16),
      !part.prefix(2).contains(UInt8(ascii: "+"))
    else { return nil }
    bytes.append(byte)
    bytes += Array(part.dropFirst(2))
  }
  return bytes
}
