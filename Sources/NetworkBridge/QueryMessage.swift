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

  /// The most messages of known answers after one with questions: what a socket's buffer takes at once
  /// (212,992 bytes by default, 2,304 for each) has room for more.
  package static let continuationLimit = 64

  /// The message as it is sent.
  package private(set) var bytes = [UInt8](repeating: 0, count: headerSize)
  /// The service types that it asks for.
  package private(set) var questions: [ServiceType] = []
  /// How many known answers it carries.
  package private(set) var knownAnswerCount = 0

  /// Where each name, or end of a name, that can be pointed to stands (RFC 1035 §4.1.4).
  private var offsets: [Substring: Int] = [:]

  private static let headerSize = 12
  /// TC in the first byte of the header's flags: more known answers follow (RFC 6762 §18.5).
  private static let truncated: UInt8 = 0x02
  private static let typePTR: UInt16 = 12
  /// Class IN. In a question the top bit would ask for a unicast answer (RFC 6762 §5.4), in a
  /// known answer it would flush caches (§10.2): it is set in neither.
  private static let classIN: UInt16 = 1

  private init() {}

  /// The messages that ask for `types`, to be sent one right after the other: one, unless the questions
  /// or the `known` instances of their types do not fit it.
  ///
  /// Known answers that do not fit beside their question follow in messages of their own (RFC 6762
  /// §7.2). Responders then wait for half a second, but among thousands of services all would else answer
  /// each question, and one that is looked for could be lost in that.
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

    var added: Set<ServiceInstance> = []
    let instances = Dictionary(
      grouping: known.filter { hasPlace($0) && added.insert($0).inserted }, by: \.type)
    return messages.flatMap { message in
      message.followed(by: message.questions.flatMap { instances[$0] ?? [] })
    }
  }

  /// False for an instance that has no place in DNS: its label has no byte or more than 63 (RFC 1035
  /// §2.3.4).
  private static func hasPlace(_ instance: ServiceInstance) -> Bool {
    (1...63).contains(instance.name.utf8.count)
  }

  /// The message with as many of `known` as fit, and those that have the rest; the owners of what is
  /// too much even for these answer once more.
  private func followed(by known: [ServiceInstance]) -> [QueryMessage] {
    var full: [QueryMessage] = []
    var message = self
    for instance in known {
      let isAdded = message.add(known: instance)
      if isAdded { continue }
      guard full.count < Self.continuationLimit else { break }
      message.bytes[2] |= Self.truncated
      full.append(message)
      message = QueryMessage()
      _ = message.add(known: instance)
    }
    return full + [message]
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

  /// Adds a known answer; false when it does not fit.
  private mutating func add(known instance: ServiceInstance) -> Bool {
    let label = instance.name.utf8
    let type = instance.type.fullName
    let nameSize = offsets[type[...]] == nil ? type.utf8.count + 2 : 2
    // Type, class, TTL and length; then the label and a pointer to the type.
    guard bytes.count + nameSize + 10 + 1 + label.count + 2 <= Self.sizeLimit else { return false }
    append(name: type)
    append(Self.typePTR)
    append(Self.classIN)
    append(UInt16(Self.knownAnswerTTL >> 16))
    append(UInt16(truncatingIfNeeded: Self.knownAnswerTTL))
    append(UInt16(1 + label.count + 2))
    bytes.append(UInt8(label.count))
    bytes += label
    append(name: type)
    knownAnswerCount += 1
    setCounts()
    return true
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

  /// Writes QDCOUNT and ANCOUNT; the rest of the header but TC stays zero (RFC 6762 §18).
  private mutating func setCounts() {
    for (offset, count) in [(4, questions.count), (6, knownAnswerCount)] {
      bytes[offset] = UInt8(truncatingIfNeeded: count >> 8)
      bytes[offset + 1] = UInt8(truncatingIfNeeded: count)
    }
  }
}
