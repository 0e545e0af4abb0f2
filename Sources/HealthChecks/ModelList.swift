import DiscoveryCore

/// The list of models in a server's answer.
struct ModelList: Hashable, Sendable {
  /// Where an answer has the models.
  enum Format: Hashable, Sendable {
    /// `{"object": "list", "data": [{"id": …}, …]}`.
    case openAI
    /// `{"data": [{"id": …}, …]}`: LM Studio's own.
    case lmStudio
    /// `{"models": [{"name": …}, …]}`.
    case ollama
  }

  static let maximumCount = 1024
  /// In bytes.
  static let maximumNameLength = 256

  /// Sorted and unique.
  let names: [String]
  /// The type that every owner of a model stands for; nil where they stand for none, or several.
  let owner: BackendType?

  /// Nil when `answer` is no such list. Names that are too long, or that could not be shown as they
  /// are, are left out; of too many the first are kept.
  init?(_ answer: JSON, format: Format) {
    let key = format == .ollama ? "models" : "data"
    if format == .openAI, answer["object"]?.string != "list" { return nil }
    guard let list = answer[key] else { return nil }
    if let entries = list.elements {
      let found = entries.lazy.compactMap { $0[format == .ollama ? "name" : "id"]?.string }
      names = Array(Set(found.filter(Self.isName)).sorted().prefix(Self.maximumCount))
      owner = Self.commonOwner(of: entries)
    } else if list.isNull, format == .ollama {
      // Written in Go, where a list without elements can be null.
      (names, owner) = ([], nil)
    } else {
      return nil
    }
  }

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= maximumNameLength && PlainText.cleaned(text) == text
  }

  private static func commonOwner(of entries: [JSON]) -> BackendType? {
    let owners = Set(entries.lazy.map { $0["owned_by"]?.string })
    guard owners.count == 1, let owner = owners.first?.flatMap({ $0 }) else { return nil }
    switch owner {
    case "library": return .ollama
    case "organization_owner", "organization-owner": return .lmstudio
    default:
      let type = BackendType(named: owner)
      return type == .openAICompatible || type == .unknown ? nil : type
    }
  }
}
