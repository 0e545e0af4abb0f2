import DiscoveryCore

/// How a server that was found on this machine is announced.
enum FoundService {
  /// Under the host's name, with the kind where several share a service type, and with the port where it
  /// is not the kind's own or where the name `isTaken`.
  static func service(
    _ type: BackendType, findings: Findings, port: UInt16,
    unless isTaken: (AnnouncedService.ID) -> Bool
  ) -> AnnouncedService? {
    guard let serviceType = type.serviceType else { return nil }
    let isOwnType = BackendType(inferredFrom: serviceType) == type
    var name = isOwnType ? "%h" : "%h \(type.rawValue)"
    if port != type.defaultPort || isTaken(AnnouncedService.ID(name: name, type: serviceType)) {
      name += " \(port)"
    }
    return AnnouncedService(
      name: name, type: serviceType, port: port, txt: txt(type, findings: findings))
  }

  /// `type`, `version`, `api_path` where it has one, and `models`, as the daemon reads them.
  private static func txt(_ type: BackendType, findings: Findings) -> TXTRecord {
    var record = TXTRecord()
    func add(_ key: String, _ value: String?) {
      guard let value, !value.isEmpty, !value.hasControlCharacters,
        let attribute = try? ServiceRules.attribute(key: key, value: value)
      else { return }
      record.add(attribute)
    }
    add("type", type.rawValue)
    add("version", findings.version)
    add("api_path", type.defaultAPIPath)
    add("models", models(findings.models ?? []))
    return record
  }

  /// As many whole names as fit, by commas; one that has a comma itself would be read as two.
  private static func models(_ names: [String]) -> String {
    var room = ServiceRules.longestAttribute - "models=".utf8.count
    var taken: [String] = []
    for name in names where !name.utf8.contains(UInt8(ascii: ",")) && !name.hasControlCharacters {
      let length = name.utf8.count + (taken.isEmpty ? 0 : 1)
      guard !name.isEmpty, length <= room else { continue }
      room -= length
      taken.append(name)
    }
    return taken.joined(separator: ",")
  }
}
