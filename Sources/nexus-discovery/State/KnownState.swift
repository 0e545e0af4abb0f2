import DiscoveryCore

/// All that is kept over a restart.
package struct KnownState: Hashable, Sendable {
  package var backends: [RememberedBackend]
  /// Under which name a service of this machine is on the air where another has its own; the key has the
  /// name that it should have.
  package var announcedAs: [AnnouncedService.ID: String]

  package init(
    backends: [RememberedBackend] = [], announcedAs: [AnnouncedService.ID: String] = [:]
  ) {
    self.backends = backends
    self.announcedAs = announcedAs
  }

  /// What states that say the same have in common, kept in place of the whole: that two others have it
  /// too is one chance in 2⁶⁴. It means something to this process alone.
  struct Digest: Hashable {
    /// Of all that the state file says.
    let whole: Int
    /// Of what is worth being written again when it is another.
    let lasting: Int

    init(_ state: KnownState) {
      var whole = Hasher()
      var lasting = Hasher()
      lasting.combine(state.announcedAs)
      for backend in state.backends {
        lasting.combine(backend.lasting)
        whole.combine(backend.lastSeen)
      }
      self.lasting = lasting.finalize()
      whole.combine(self.lasting)
      self.whole = whole.finalize()
    }
  }
}

/// A service that is announced under another name, in the state file.
struct AnnouncedRecord: Encodable {
  /// More are not kept: a host has few services, and its name changes seldom.
  private static let most = 64

  var name: String
  var type: String
  var alternative: String

  private enum CodingKeys: String, CodingKey {
    case name, type
    case alternative = "as"
  }

  static func records(of names: [AnnouncedService.ID: String]) -> [AnnouncedRecord] {
    names.sorted { $0.key < $1.key }.prefix(most)
      .map { AnnouncedRecord(name: $0.key.name, type: $0.key.type.name, alternative: $0.value) }
  }

  /// What is wrong in it is left out: another name is found then.
  static func checked(_ records: [AnnouncedRecord]) -> [AnnouncedService.ID: String] {
    var names: [AnnouncedService.ID: String] = [:]
    for record in records.prefix(most) {
      guard let name = try? ServiceRules.name(record.name),
        let type = try? ServiceType(parsing: record.type),
        let alternative = try? ServiceRules.name(record.alternative)
      else { continue }
      names[AnnouncedService.ID(name: name, type: type)] = alternative
    }
    return names
  }
}

extension AnnouncedRecord: JSONReadable {
  init(_ json: JSON) throws(JSONMismatch) {
    name = try json.text("name")
    type = try json.text("type")
    alternative = try json.text("as")
  }
}
