import APIModel
import DiscoveryCore

/// The state file: what is known, in JSON, a line for each backend.
package enum StateDocument {
  /// Grows when an older daemon would misunderstand it.
  package static let version = 1
  /// More bytes are neither written nor read.
  package static let longest = 16 << 20

  /// Why a file is not one of ours, for a sentence that begins with its path: "is …".
  package struct Problem: Error, Hashable, Sendable {
    package let text: String
  }

  /// The file's bytes: at most `limit` of them, for which some of what only the network said is left
  /// out, since it is found again.
  package static func encode(_ state: KnownState, limit: Int = longest) -> [UInt8] {
    let backends = state.backends
    var bytes = Array("{\"version\":\(version),\"announced\":".utf8)
    bytes +=
      (try? JSONText.encode(AnnouncedRecord.records(of: state.announcedAs))) ?? Array("[]".utf8)
    bytes += ",\"backends\":[".utf8
    var isFirst = true
    // What an administrator added is nowhere else.
    for backend in backends.filter({ !$0.added.isEmpty }) + backends.filter(\.added.isEmpty) {
      // Encoding only fails for numbers that are not finite, which no record holds.
      guard let record = try? JSONText.encode(BackendRecord(backend)),
        bytes.count + record.count + 8 <= limit
      else { continue }
      bytes += (isFirst ? "\n" : ",\n").utf8
      bytes += record
      isFirst = false
    }
    return bytes + Array("\n]}\n".utf8)
  }

  /// What a file says, each value checked as if it came from whom it says it comes from.
  package static func decode(_ bytes: [UInt8]) throws(Problem) -> KnownState {
    do {
      let json = try JSONText.parse(bytes)
      let version = try json.integer("version")
      guard version == Self.version else {
        throw Problem(text: "is of version \(version), while this is \(Self.version)")
      }
      let announced = try json.optionalArray("announced") ?? []
      return KnownState(
        backends: try json.array("backends").map { try BackendRecord($0).checked() },
        announcedAs: AnnouncedRecord.checked(try announced.map { try AnnouncedRecord($0) }))
    } catch let problem as Problem {
      throw problem
    } catch is JSON.Fault {
      throw Problem(text: bytes.isEmpty ? "is empty" : "is truncated, or no JSON")
    } catch {
      throw Problem(text: "is not in the form that this program writes")
    }
  }
}

/// A backend in the state file.
private struct BackendRecord: Encodable {
  struct Name: Encodable {
    var source: SourceKind
    var identity: String
  }

  var id: String
  var firstSeen: Timestamp
  var lastSeen: Timestamp
  var names: [Name]
  /// Absent where there are none.
  var added: [NewBackendDocument]?
  var service: ServiceRecord?

  private enum CodingKeys: String, CodingKey {
    case id, names, added, service
    case firstSeen = "first_seen"
    case lastSeen = "last_seen"
  }

  init(_ backend: RememberedBackend) {
    id = backend.id.description
    firstSeen = Timestamp(backend.firstSeen)
    lastSeen = Timestamp(backend.lastSeen)
    names = backend.names.map { Name(source: $0.source, identity: $0.identity) }
    let added = backend.added.map {
      NewBackendDocument(
        url: $0.url.description, name: $0.name, type: $0.type?.rawValue, priority: $0.priority)
    }
    self.added = added.isEmpty ? nil : added
    service = ServiceRecord(backend.sightings)
  }

  func checked() throws -> RememberedBackend {
    guard let id = BackendID(id), names.allSatisfy({ $0.identity.utf8.count <= 2048 }) else {
      throw StateDocument.Problem(text: "has a backend with a bad id or name")
    }
    return RememberedBackend(
      id: id, firstSeen: firstSeen.time, lastSeen: lastSeen.time,
      names: names.map { .init(source: $0.source, identity: $0.identity) },
      added: try (added ?? []).map(Self.checked),
      sightings: service.flatMap { try? $0.checked() } ?? [])
  }

  private static func checked(_ added: NewBackendDocument) throws -> AdministeredBackend {
    do throws(TextProblem) {
      let url = try BackendRules.url(added.url)
      var backend = AdministeredBackend(
        name: try BackendRules.name(added.name ?? url.host.description), url: url)
      if let type = added.type { backend.type = try BackendRules.type(type) }
      if let priority = added.priority { backend.priority = try BackendRules.priority(priority) }
      return backend
    } catch {
      throw StateDocument.Problem(
        text: "has an added backend that is wrong: \(error.message(at: "one of its values"))")
    }
  }
}

/// A service that the network announced, in the state file.
private struct ServiceRecord: Encodable {
  /// Where it was seen.
  struct Place: Encodable {
    var interface: String?
    var family: Address.Family?
    var addresses: [String]
  }

  var name: String
  var type: String
  /// The escaped full name.
  var instance: String
  var hostname: String?
  var port: Int
  /// Key and value, or a key alone.
  var txt: [[String]]
  /// Absent where this machine does not announce it.
  var own: Bool?
  var seen: [Place]

  /// Nil for what no service instance is behind. Of sightings that differ, the last is the current one.
  init?(_ sightings: [Sighting]) {
    guard let current = sightings.last, let instance = current.instance else { return nil }
    name = instance.name
    type = instance.type.name
    self.instance = instance.fullName
    hostname = current.hostname
    port = Int(current.port)
    txt = current.txt.attributes.map { [$0.key] + ($0.value.map { [$0] } ?? []) }
    own = current.isOwnAnnouncement ? true : nil
    seen = sightings.map {
      Place(
        interface: $0.id.interface, family: $0.id.family,
        addresses: $0.addresses.sorted().map(\.description))
    }
  }

  /// What is wrong in it makes it nothing: the network will say it again.
  func checked() throws -> [Sighting] {
    func problem(_ what: String) -> StateDocument.Problem {
      StateDocument.Problem(text: "has a service with a bad \(what)")
    }
    // Bytes that were no UTF-8 have become three each.
    guard !name.isEmpty, name.utf8.count <= 3 * 63 else { throw problem("name") }
    // Most are one of these.
    let known = ServiceType.defaults.first { $0.name == type }
    guard let type = try? known ?? ServiceType(parsing: type) else { throw problem("type") }
    guard instance.utf8.count <= 1024, instance.hasSuffix(".\(type.fullName)") else {
      throw problem("instance")
    }
    guard let port = UInt16(exactly: port) else { throw problem("port") }
    if let hostname, HostName.normalized(hostname) != hostname { throw problem("hostname") }
    let attributes = try txt.map { item in
      guard (1...2).contains(item.count), !item[0].isEmpty,
        item.reduce(0, { $0 + $1.utf8.count }) <= 3 * 255
      else { throw problem("TXT record") }
      return TXTRecord.Attribute(key: item[0], value: item.count == 2 ? item[1] : nil)
    }
    // A host's addresses are mostly the same wherever it is seen.
    var last: (texts: [String], addresses: [Address]) = ([], [])
    return try seen.map { place in
      if place.addresses != last.texts {
        last = (place.addresses, place.addresses.compactMap { Address($0) })
      }
      let addresses = last.addresses
      guard addresses.count == place.addresses.count,
        place.interface.map({ (1...15).contains($0.utf8.count) }) != false
      else { throw problem("address") }
      return Sighting(
        id: Sighting.ID(identity: instance, interface: place.interface, family: place.family),
        name: name, hostname: hostname, port: port, addresses: addresses,
        instance: ServiceInstance(name: name, type: type, fullName: instance),
        txt: TXTRecord(restoring: attributes), isOwnAnnouncement: own ?? false)
    }
  }
}

// MARK: - Reading

extension BackendRecord: JSONReadable {
  init(_ json: JSON) throws(JSONMismatch) {
    id = try json.text("id")
    firstSeen = try json.time("first_seen")
    lastSeen = try json.time("last_seen")
    names = try json.documents(Name.self, "names")
    added = try json.optionalDocuments(NewBackendDocument.self, "added")
    service = try json.optional("service").map { json throws(JSONMismatch) in
      try ServiceRecord(json)
    }
  }
}

extension BackendRecord.Name: JSONReadable {
  init(_ json: JSON) throws(JSONMismatch) {
    guard let source = SourceKind(rawValue: try json.text("source")) else {
      throw JSON.mismatch("source", "one that is known")
    }
    self.source = source
    identity = try json.text("identity")
  }
}

extension ServiceRecord: JSONReadable {
  init(_ json: JSON) throws(JSONMismatch) {
    name = try json.text("name")
    type = try json.text("type")
    instance = try json.text("instance")
    hostname = try json.optionalText("hostname")
    port = try json.integer("port")
    txt = try json.array("txt").map { item throws(JSONMismatch) in
      try item.texts(of: "txt")
    }
    own = try json.optionalFlag("own")
    seen = try json.documents(Place.self, "seen")
  }
}

extension ServiceRecord.Place: JSONReadable {
  init(_ json: JSON) throws(JSONMismatch) {
    interface = try json.optionalText("interface")
    family = try json.optionalText("family").map { text throws(JSONMismatch) in
      guard let family = Address.Family(rawValue: text) else {
        throw JSON.mismatch("family", "one that is known")
      }
      return family
    }
    addresses = try json.texts("addresses")
  }
}
