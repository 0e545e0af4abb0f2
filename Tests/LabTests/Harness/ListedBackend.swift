import Foundation

/// A backend as the command line prints it in JSON, read without the daemon's own code.
struct ListedBackend: Decodable, Hashable, Sendable {
  let id: String
  let name: String
  let url: String
  let type: String
  let detectedType: String?
  let status: String
  let source: String
  let sources: [String]
  let priority: Int
  let apiPath: String
  let host: String
  let port: Int
  let addresses: [String]
  let hostname: String?
  let mdnsInstance: String?
  let serviceType: String?
  let version: String?
  let models: [String]
  let info: String?
  /// A key without "=" has no value.
  let txt: [String: String?]
  let interfaces: [String]
  let local: Bool
  let stale: Bool
  let firstSeen: Date
  let lastSeen: Date
  let expiresAt: Date?
  let lastCheck: Date?
  let latencyMs: Double?
  let lastError: String?
}

/// A line of `watch --json`.
struct WatchedChange: Decodable, Sendable {
  let event: String
  let revision: Int
  let backend: ListedBackend
}

enum LabJSON {
  static func decode<Value: Decodable>(_ type: Value.Type, from text: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.dateDecodingStrategy = .custom { decoder in
      let text = try decoder.singleValueContainer().decode(String.self)
      guard let date = date(text) else {
        throw LabError("\"\(text)\" is no time as in 2026-01-31T10:00:00.123Z")
      }
      return date
    }
    do {
      return try decoder.decode(type, from: Data(text.utf8))
    } catch {
      throw LabError("\(error)\n  | \(text)")
    }
  }

  /// A time as the daemon writes it; nil for anything else.
  static func date(_ text: String) -> Date? {
    try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)
  }

  /// An object as it stands, to see which keys are there.
  static func object(_ text: String) throws -> [String: Any] {
    guard
      let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    else { throw LabError("no JSON object: \(text)") }
    return object
  }
}
