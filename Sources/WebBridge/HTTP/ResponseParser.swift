import DiscoveryCore

/// Reads one answer from chunks that may be split anywhere (RFC 9112): its status, and its body
/// without its coding.
package struct ResponseParser: Sendable {
  package struct Limits: Hashable, Sendable {
    /// Bytes of status lines, headers and trailers, those of interim answers included.
    package var head = 16 << 10
    /// Bytes of the body.
    package var body = Int.max

    package init() {}
  }

  package enum Problem: Error, Hashable, Sendable {
    case notHTTP
    /// HTTP, but broken; what about it.
    case malformed(String)
    case headTooLong
    case bodyTooLong
  }

  package struct Head: Hashable, Sendable {
    package var status: Int
    /// nil: chunked, or until the connection ends.
    package var contentLength: Int?
  }

  /// What the next byte belongs to.
  private enum Phase {
    case statusLine
    case headers
    case chunkSize
    case chunk(left: Int)
    case chunkEnd
    case trailers
    case bytes(left: Int)
    case untilEnd
    case complete
  }

  /// For the size of a chunk with its extensions, which nobody uses.
  private static let longestChunkLine = 1024
  /// Bytes of chunks' sizes and ends that a byte of body may cost, beyond what `Limits.head` allows.
  private static let chunkCost = 8
  private static let versionPrefix = Array("HTTP/1.".utf8)

  /// The final answer's; nil before all of it is there.
  package private(set) var head: Head?
  private let limits: Limits
  /// The answer to HEAD has a length and no body.
  private let isHead: Bool
  private var phase = Phase.statusLine
  /// What there is of the line that is being read.
  private var line: [UInt8] = []
  /// Bytes of the head and of chunks' sizes and ends so far.
  private var headCount = 0
  private var status = 0
  private var contentLength: Int?
  private var coding: String?
  /// The last header's meaning is of interest, so that it may not go on in the next line.
  private var mayNotFold = true
  /// What came of the body and was not taken.
  private var body: [UInt8] = []
  private var bodyCount = 0

  /// A parser of one answer; `isHead`: to a HEAD request.
  package init(limits: Limits = Limits(), isHead: Bool = false) {
    self.limits = limits
    self.isHead = isHead
  }

  /// True when nothing of the answer is missing.
  package var isComplete: Bool {
    if case .complete = phase { true } else { false }
  }

  /// True while nothing came at all.
  package var isUntouched: Bool { headCount == 0 }

  /// Takes a chunk; what follows the answer is ignored.
  package mutating func append(_ bytes: some Collection<UInt8>) throws(Problem) {
    var rest = bytes[...]
    while !rest.isEmpty {
      switch phase {
      case .statusLine, .headers, .chunkSize, .chunkEnd, .trailers:
        if let byte = rest.popFirst() { try takeLineByte(byte) }
      case .bytes(let left):
        let taken = try takeBody(&rest, atMost: left)
        phase = taken == left ? .complete : .bytes(left: left - taken)
      case .chunk(let left):
        let taken = try takeBody(&rest, atMost: left)
        phase = taken == left ? .chunkEnd : .chunk(left: left - taken)
      case .untilEnd: _ = try takeBody(&rest, atMost: .max)
      case .complete: return
      }
    }
  }

  /// The connection ended in good order; true when the answer is complete by that.
  package mutating func end() -> Bool {
    if case .untilEnd = phase { phase = .complete }
    return isComplete
  }

  /// What came of the body since it was taken before.
  package mutating func takeBody() -> [UInt8] {
    defer { body = [] }
    return body
  }

  private mutating func takeBody<Rest: Collection<UInt8>>(
    _ rest: inout Rest, atMost count: Int
  ) throws(Problem) -> Int where Rest.SubSequence == Rest {
    let taken = min(rest.count, count)
    guard taken <= limits.body - bodyCount else { throw .bodyTooLong }
    body.append(contentsOf: rest.prefix(taken))
    bodyCount += taken
    rest = rest.dropFirst(taken)
    return taken
  }
}

// MARK: - Lines

extension ResponseParser {
  private mutating func takeLineByte(_ byte: UInt8) throws(Problem) {
    headCount += 1
    guard headCount - limits.head <= Self.chunkCost * bodyCount else { throw .headTooLong }
    guard byte == UInt8(ascii: "\n") else {
      line.append(byte)
      return try checkUnfinishedLine()
    }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    let ended = line[...]
    line = []
    guard ended.allSatisfy(HTTPSyntax.isValueByte) else {
      throw .malformed("control characters in its head")
    }
    switch phase {
    case .statusLine: try endStatusLine(ended)
    case .headers where ended.isEmpty: try endHead()
    case .headers: try endHeader(ended)
    case .chunkSize: try endChunkSize(ended)
    case .chunkEnd:
      guard ended.isEmpty else { throw .malformed("a chunk of another size than it says") }
      phase = .chunkSize
    case .trailers: if ended.isEmpty { phase = .complete }
    case .bytes, .chunk, .untilEnd, .complete: break
    }
  }

  /// Sees as early as can be that a line comes to nothing.
  private func checkUnfinishedLine() throws(Problem) {
    switch phase {
    case .statusLine:
      let place = line.count - 1
      guard place >= Self.versionPrefix.count || line[place] == Self.versionPrefix[place] else {
        throw .notHTTP
      }
    case .chunkEnd:
      guard line == [UInt8(ascii: "\r")] else {
        throw .malformed("a chunk of another size than it says")
      }
    case .chunkSize:
      guard line.count <= Self.longestChunkLine else {
        throw .malformed("a chunk's size is too long")
      }
    default: break
    }
  }

  /// `HTTP/1.x SP status [SP reason]` (RFC 9112 §4).
  private mutating func endStatusLine(_ line: ArraySlice<UInt8>) throws(Problem) {
    guard line.starts(with: Self.versionPrefix) else { throw .notHTTP }
    let rest = line.dropFirst(Self.versionPrefix.count)
    let parts = rest.split(
      separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0].count == 1, parts[0].allSatisfy(Ascii.digits.contains),
      parts[1].count == 3, let status = Self.decimal(parts[1]), (100...599).contains(status)
    else { throw .malformed("its status line") }
    self.status = status
    contentLength = nil
    coding = nil
    mayNotFold = true
    phase = .headers
  }

  private mutating func endHeader(_ line: ArraySlice<UInt8>) throws(Problem) {
    if let first = line.first, HTTPSyntax.isBlank(first) {
      guard !mayNotFold else { throw .malformed("a header") }
      return
    }
    guard let field = HTTPSyntax.field(line) else { throw .malformed("a header") }
    mayNotFold = true
    switch field.name {
    case "content-length":
      // A list of equal lengths is one length (RFC 9110 §8.6).
      for part in field.value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      {
        guard let length = Self.decimal(HTTPSyntax.trimmed(part)) else {
          throw .malformed("its Content-Length")
        }
        guard contentLength == nil || contentLength == length else {
          throw .malformed("two Content-Lengths")
        }
        contentLength = length
      }
    case "transfer-encoding":
      let value = String(decoding: field.value.map(Ascii.lowercased), as: UTF8.self)
      coding = coding.map { "\($0), \(value)" } ?? value
    default: mayNotFold = false
    }
  }

  private mutating func endHead() throws(Problem) {
    guard status >= 200 else {
      // 100 Continue and the like come before the answer itself.
      guard status != 101 else { throw .malformed("another protocol, which nobody asked for") }
      phase = .statusLine
      return
    }
    if let coding {
      guard coding == "chunked" else { throw .malformed("an unknown transfer coding") }
      // The coding overrides a length beside it (RFC 9112 §6.3).
      contentLength = nil
    }
    head = Head(status: status, contentLength: contentLength)
    if isHead || status == 204 || status == 304 || contentLength == 0 {
      phase = .complete
    } else if let length = contentLength {
      guard length <= limits.body else { throw .bodyTooLong }
      phase = .bytes(left: length)
    } else {
      phase = coding == nil ? .untilEnd : .chunkSize
    }
  }

  /// `hex digits [; extensions]` (RFC 9112 §7.1).
  private mutating func endChunkSize(_ line: ArraySlice<UInt8>) throws(Problem) {
    let digits = HTTPSyntax.trimmed(line.prefix { $0 != UInt8(ascii: ";") })
    guard !digits.isEmpty, digits.count <= 15 else { throw .malformed("a chunk's size") }
    var size = 0
    for digit in digits {
      guard let value = Ascii.hexValue(digit) else { throw .malformed("a chunk's size") }
      size = size << 4 | Int(value)
    }
    guard size <= limits.body - bodyCount else { throw .bodyTooLong }
    phase = size == 0 ? .trailers : .chunk(left: size)
  }

  /// A number of digits alone; nil for anything else and above 18 digits.
  private static func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
    guard (1...18).contains(digits.count), digits.allSatisfy(Ascii.digits.contains) else {
      return nil
    }
    return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  }
}
