/// A strict decoder of DNS messages, written from RFC 1035 §4.1 and nothing else, to read back what
/// the encoder wrote.
struct MessageDecoder {
  struct Question: Equatable {
    let name: [[UInt8]]
    let type: Int
    let dnsClass: Int
  }

  struct Record: Equatable {
    let name: [[UInt8]]
    let type: Int
    let dnsClass: Int
    let ttl: Int
    /// The name that a PTR record holds.
    let target: [[UInt8]]
  }

  enum Flaw: Error {
    case truncated
    case badPointer
    case badLength
    case leftOver
  }

  private(set) var id = 0
  private(set) var flags = 0
  private(set) var questions: [Question] = []
  private(set) var answers: [Record] = []
  private(set) var otherCounts: [Int] = []

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) throws {
    self.bytes = bytes
    id = try number(2)
    flags = try number(2)
    let questionCount = try number(2)
    let answerCount = try number(2)
    otherCounts = [try number(2), try number(2)]
    for _ in 0..<questionCount {
      questions.append(Question(name: try name(), type: try number(2), dnsClass: try number(2)))
    }
    for _ in 0..<answerCount {
      let owner = try name()
      let (type, dnsClass, ttl) = (try number(2), try number(2), try number(4))
      let length = try number(2)
      let end = position + length
      let target = try name()
      guard position == end else { throw Flaw.badLength }
      answers.append(
        Record(name: owner, type: type, dnsClass: dnsClass, ttl: ttl, target: target))
    }
    guard position == bytes.count else { throw Flaw.leftOver }
  }

  private mutating func number(_ size: Int) throws -> Int {
    guard position + size <= bytes.count else { throw Flaw.truncated }
    defer { position += size }
    return bytes[position..<position + size].reduce(0) { $0 << 8 | Int($1) }
  }

  /// The labels of a name; pointers may only lead backwards.
  private mutating func name() throws -> [[UInt8]] {
    var labels: [[UInt8]] = []
    var resume: Int?
    while true {
      let length = try number(1)
      if length >= 0xC0 {
        position -= 1
        let start = position
        let target = try number(2) & 0x3FFF
        guard target < start else { throw Flaw.badPointer }
        resume = resume ?? position
        position = target
      } else if length == 0 {
        break
      } else {
        guard length < 64, position + length <= bytes.count else { throw Flaw.badLength }
        labels.append(Array(bytes[position..<position + length]))
        position += length
      }
    }
    if let resume { position = resume }
    return labels
  }
}
