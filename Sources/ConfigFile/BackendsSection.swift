import DiscoveryCore

/// Reads the `[[backends]]` entries one by one, and compares each with those before it.
struct BackendsReader {
  private(set) var backends: [AdministeredBackend] = []
  /// Where each backend, by its name, says how it is spoken to.
  private(set) var accessPositions: [String: AccessPositions] = [:]
  /// Where each name was used first.
  private var lineOfName: [String: Int] = [:]
  /// Who was first at each server.
  private var firstAtServer: [Endpoint: First] = [:]
  private var urls: Set<BackendURL> = []

  private struct First {
    let name: String
    let line: Int
    let access: AccessSettings
  }

  mutating func read(from section: inout SectionReader) {
    let name = section.required("name", .backendName)
    let url = section.required("url", .backendURL)
    let type = section.value("type", .backendType)
    let priority = section.value("priority", .integer(BackendRules.priorities))
    let (access, positions) = AccessSettings.read(from: &section, url: url)
    let isNew = name.map { isUnused($0, in: section) } ?? false
    guard let name, isNew, let url, isOther(url, of: name, access, positions, in: section) else {
      return
    }
    accessPositions[name] = positions
    backends.append(
      AdministeredBackend(
        name: name, url: url, type: type == .unknown ? nil : type, priority: priority,
        access: access))
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
    _ url: BackendURL, of name: String, _ access: AccessSettings, _ positions: AccessPositions,
    in section: SectionReader
  ) -> Bool {
    let position = section.valuePosition(of: "url") ?? section.position
    let isSame = !urls.insert(url).inserted
    guard let first = firstAtServer[Endpoint(url)] else {
      firstAtServer[Endpoint(url)] = First(name: name, line: position.line, access: access)
      return true
    }
    section.warning(
      at: position,
      "\"\(name)\" in line \(position.line) is at the same server as \"\(first.name)\" in line"
        + " \(first.line)",
      hint: isSame ? "it is left out" : "they become one backend")
    // One server is spoken to in one way.
    if !isSame, let own = positions.first, access != first.access {
      section.warning(
        at: own,
        "what \"\(name)\" says of certificates and keys has no effect: \"\(first.name)\" decides")
    }
    return !isSame
  }
}

extension ValueKind where Value == String {
  fileprivate static var backendName: Self {
    .text { name throws(TextProblem) in try BackendRules.name(name) }
  }
}

extension ValueKind where Value == BackendURL {
  fileprivate static var backendURL: Self {
    .text { text throws(TextProblem) in try BackendRules.url(text) }
  }
}

extension ValueKind where Value == BackendType {
  fileprivate static var backendType: Self {
    .text { text throws(TextProblem) in try BackendRules.type(text) }
  }
}
