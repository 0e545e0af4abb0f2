import DiscoveryCore

/// A server's answer to one question, as far as it is understood.
struct Answer: Sendable {
  enum Content: Sendable {
    case json(JSON)
    /// A success that is no JSON.
    case other(JSON.Fault)
    /// No success, so that it says nothing.
    case none
    /// A body over the limit.
    case tooLarge
  }

  /// 0 for a connection alone, and where the body was too large to tell.
  let status: Int
  let body: [UInt8]
  let content: Content

  init(_ response: ProbeResponse) {
    status = response.status
    body = response.body
    guard (200..<300).contains(status) else {
      content = .none
      return
    }
    do throws(JSON.Fault) {
      content = .json(try JSON(parsing: body))
    } catch {
      content = .other(error)
    }
  }

  private init(content: Content) {
    status = 0
    body = []
    self.content = content
  }

  static let tooLarge = Answer(content: .tooLarge)

  /// What a success says; nil for anything else.
  var json: JSON? {
    guard case .json(let value) = content else { return nil }
    return value
  }

  /// It wants a key.
  var isRefusal: Bool { status == 401 || status == 403 }

  /// Why the server is not ready: it says so itself. Nil for any other status.
  var notReadyReason: String? {
    guard status == 503 else { return nil }
    let isLoading = contains("loading")
    return isLoading ? "loading its model (HTTP 503)" : "not ready (HTTP 503)"
  }

  /// Why an answer with this status is none of a server that works; nil where it could be.
  var failure: String? {
    switch status {
    case 300..<400: "HTTP \(status), and redirects are not followed"
    case 500...: "HTTP \(status)"
    default: nil
    }
  }

  /// True when the first kilobyte holds `text`, ASCII in small letters, in any case.
  func contains(_ text: StaticString) -> Bool {
    let wanted = Array("\(text)".utf8)
    let bytes = body.prefix(1024).map(Ascii.lowercased)
    guard bytes.count >= wanted.count else { return false }
    return (0...bytes.count - wanted.count).contains { bytes[$0...].starts(with: wanted) }
  }

  /// A version as a server tells it; nil where it is none, or is not fit to be shown.
  static func version(_ value: JSON?) -> String? {
    guard let text = value?.string, (1...64).contains(text.utf8.count),
      PlainText.cleaned(text) == text
    else { return nil }
    return text
  }
}
