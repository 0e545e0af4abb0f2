import DiscoveryCore

/// Reads the `[[backends]]` entries one by one, and compares each with those before it.
struct BackendsReader {
  private(set) var backends: [StaticBackend] = []
  /// Where each name was used first.
  private var lineOfName: [String: Int] = [:]
  /// Who was first at each server.
  private var firstAtServer: [Server: (name: String, line: Int)] = [:]
  private var urls: Set<BackendURL> = []

  private struct Server: Hashable {
    let scheme: URLScheme
    let host: BackendURL.Host
    let port: UInt16
  }

  mutating func read(from section: inout SectionReader) {
    let name = required("name", .backendName, in: &section)
    let url = required("url", .backendURL, in: &section)
    let type = section.value("type", .backendType)
    let priority = section.value("priority", .integer(0...1_000_000))
    section.notInForce("tls_verify", .boolean)
    section.notInForce("ca_file", .text { $0 })
    section.notInForce("api_key_env", .text { $0 })
    section.notInForce("api_key_file", .text { $0 })
    let isNew = name.map { isUnused($0, in: section) } ?? false
    guard let name, isNew, let url, isOther(url, of: name, in: section) else { return }
    backends.append(
      StaticBackend(
        name: name, url: url, type: type == .unknown ? nil : type, priority: priority))
  }

  private func required<Value>(
    _ key: String, _ kind: ValueKind<Value>, in section: inout SectionReader
  ) -> Value? {
    let value = section.value(key, kind)
    if section.position(of: key) == nil {
      section.error(at: section.position, "[[backends]] without \"\(key)\"")
    }
    return value
  }

  private mutating func isUnused(_ name: String, in section: SectionReader) -> Bool {
    let position = section.valuePosition(of: "name") ?? section.position
    if let line = lineOfName[name] {
      section.error(at: position, "duplicate name \"\(name)\"; first used in line \(line)")
      return false
    }
    lineOfName[name] = position.line
    return true
  }

  /// False when the very same URL was there before: then this entry adds nothing.
  private mutating func isOther(
    _ url: BackendURL, of name: String, in section: SectionReader
  ) -> Bool {
    let position = section.valuePosition(of: "url") ?? section.position
    let server = Server(scheme: url.scheme, host: url.host, port: url.port)
    let isSame = !urls.insert(url).inserted
    guard let first = firstAtServer[server] else {
      firstAtServer[server] = (name, position.line)
      return true
    }
    section.warning(
      at: position,
      "\"\(name)\" in line \(position.line) is at the same server as \"\(first.name)\" in line"
        + " \(first.line)",
      hint: isSame ? "it is left out" : "they become one backend")
    return !isSame
  }
}

extension ValueKind where Value == String {
  fileprivate static var backendName: Self {
    .text { name throws(TextProblem) in
      guard !name.isEmpty else { throw .must("not be empty") }
      guard name.utf8.count <= 63 else {
        throw .must("be at most 63 bytes long, but has \(name.utf8.count)")
      }
      guard !name.hasControlCharacters else { throw .must("not hold control characters") }
      return name
    }
  }
}

extension ValueKind where Value == BackendURL {
  fileprivate static var backendURL: Self {
    .text { text throws(TextProblem) in
      do throws(BackendURL.Problem) {
        return try BackendURL(parsing: text)
      } catch {
        throw .bad("URL", text, error.description)
      }
    }
  }
}

extension ValueKind where Value == BackendType {
  /// Any spelling that is understood elsewhere; the message lists the names proper.
  fileprivate static var backendType: Self {
    .text { text throws(TextProblem) in
      if let type = BackendType(named: text) { return type }
      throw .notOneOf(BackendType.allCases.map(\.rawValue), text)
    }
  }
}
