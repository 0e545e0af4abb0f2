import DiscoveryCore

/// One multicast DNS query (RFC 1035 §4.1, RFC 6762 §18): "who offers these service types?", with
/// the answers that are known already, whose owners then keep quiet (RFC 6762 §7.1).
///
/// It asks for PTR records by multicast (QM), so that every listener on the link, the local
/// avahi-daemon first of all, hears the answers.
package struct QueryMessage: Hashable, Sendable {
  /// The most bytes of one message. An Ethernet frame carries 1500, the headers of IPv6 and UDP
  /// take 48 (RFC 6762 §17 wants a message to fit the link); 12 more are spared so that the
  /// message also fits a link that is bridged through PPPoE. On a smaller one IP cuts it up.
  package static let sizeLimit = 1440

  /// The seconds that a known answer is said to stay valid.
  ///
  /// A responder keeps quiet when this is at least half of the TTL that it would give (RFC 6762
  /// §7.1); for PTR records that is 4500 s (§10). The time really left is avahi-daemon's secret,
  /// and saying the whole is harmless: nobody may take a record from a list of known answers (§7.1), and
  /// only instances that avahi-daemon holds and has resolved are put there. One that it lost is
  /// never in the list, so it is always answered for.
  package static let knownAnswerTTL: UInt32 = 4500

  /// The message as it is sent.
  package private(set) var bytes = [UInt8](repeating: 0, count: headerSize)
  /// The service types that it asks for.
  package private(set) var questions: [ServiceType] = []
  /// How many known answers it carries.
  package private(set) var knownAnswerCount = 0

  /// Where each name, or end of a name, that can be pointed to stands (RFC 1035 §4.1.4).
  private var offsets: [Substring: Int] = [:]

  private static let headerSize = 12
  private static let typePTR: UInt16 = 12
  /// Class IN. In a question the top bit would ask for a unicast answer (RFC 6762 §5.4), in a
  /// known answer it would flush caches (§10.2): it is set in neither.
  private static let classIN: UInt16 = 1

  private init() {}

  /// The messages that ask for `types`: one, unless the questions alone do not fit it.
  ///
  /// Each carries as many of the `known` instances of its own types as fit, the first ones first;
  /// the owners of those that do not fit answer once more. There is no second packet for them
  /// (RFC 6762 §7.2): responders would delay their answers by up to half a second for it.
  package static func messages(
    asking types: [ServiceType], known: some Sequence<ServiceInstance>
  ) -> [QueryMessage] {
    var messages: [QueryMessage] = []
    var message = QueryMessage()
    var asked: Set<ServiceType> = []
    for type in types where asked.insert(type).inserted {
      if message.add(question: type) { continue }
      messages.append(message)
      message = QueryMessage()
      _ = message.add(question: type)
    }
    if !message.questions.isEmpty { messages.append(message) }

    let instances = Dictionary(grouping: known, by: \.type)
    for index in messages.indices {
      for type in messages[index].questions {
        messages[index].add(known: instances[type] ?? [])
      }
    }
    return messages
  }

  // MARK: - Encoding

  /// Adds a question; false when it does not fit. Questions come before all answers.
  private mutating func add(question type: ServiceType) -> Bool {
    var longer = self
    longer.append(name: type.fullName)
    longer.append(Self.typePTR)
    longer.append(Self.classIN)
    longer.questions.append(type)
    longer.setCounts()
    guard longer.bytes.count <= Self.sizeLimit else { return false }
    self = longer
    return true
  }

  /// Adds those of `instances` that fit, each once. An instance that has no place in DNS, with a
  /// label of no byte or more than 63 (RFC 1035 §2.3.4), is left out.
  private mutating func add(known instances: [ServiceInstance]) {
    var added: Set<String> = []
    for instance in instances {
      let label = Array(instance.name.utf8)
      // Owner, type, class, TTL and length; then the label and a pointer to the type.
      let size = 12 + 1 + label.count + 2
      guard (1...63).contains(label.count), bytes.count + size <= Self.sizeLimit,
        let owner = offsets[instance.type.fullName[...]], added.insert(instance.name).inserted
      else { continue }
      append(pointerTo: owner)
      append(Self.typePTR)
      append(Self.classIN)
      append(UInt16(Self.knownAnswerTTL >> 16))
      append(UInt16(truncatingIfNeeded: Self.knownAnswerTTL))
      append(UInt16(1 + label.count + 2))
      bytes.append(UInt8(label.count))
      bytes += label
      append(pointerTo: owner)
      knownAnswerCount += 1
    }
    setCounts()
  }

  /// Appends a dotted name, as far as it does not stand in the message already.
  private mutating func append(name: String) {
    var rest = name[...]
    while !rest.isEmpty {
      if let offset = offsets[rest] { return append(pointerTo: offset) }
      offsets[rest] = bytes.count
      let label = rest.prefix { $0 != "." }
      bytes.append(UInt8(label.utf8.count))
      bytes += label.utf8
      rest = rest.dropFirst(label.count + 1)
    }
    bytes.append(0)
  }

  private mutating func append(pointerTo offset: Int) {
    append(0xC000 | UInt16(offset))
  }

  private mutating func append(_ number: UInt16) {
    bytes += [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
  }

  /// Writes QDCOUNT and ANCOUNT; the rest of the header stays zero (RFC 6762 §18).
  private mutating func setCounts() {
    for (offset, count) in [(4, questions.count), (6, knownAnswerCount)] {
      bytes[offset] = UInt8(truncatingIfNeeded: count >> 8)
      bytes[offset + 1] = UInt8(truncatingIfNeeded: count)
    }
  }
}
