import DiscoveryCore

/// Reads the answer of our own server from chunks that may be split anywhere: the status, then a
/// body of a known length or until the connection ends.
package struct ResponseParser: Sendable {
  package enum Problem: Error, Hashable, Sendable {
    case malformed
    case headTooLong
  }

  package struct Head: Hashable, Sendable {
    package var status: Int
    /// nil: until the connection ends.
    package var contentLength: Int?
  }

  private static let maximumHead = 16 * 1024

  package private(set) var head: Head?
  /// What came of the body and was not taken.
  private var buffer: [UInt8] = []

  package init() {}

  /// Takes a chunk.
  package mutating func append(_ bytes: some Sequence<UInt8>) throws(Problem) {
    buffer.append(contentsOf: bytes)
    while head == nil {
      guard let end = endOfHead() else {
        guard buffer.count <= Self.maximumHead else { throw .headTooLong }
        return
      }
      let parsed = try Self.parse(buffer[..<end])
      buffer.removeFirst(end)
      // 100 Continue and the like come before the answer itself.
      if parsed.status >= 200 { head = parsed }
    }
  }

  /// What came of the body since it was taken before.
  package mutating func takeBody() -> [UInt8] {
    guard head != nil else { return [] }
    defer { buffer = [] }
    return buffer
  }

  /// True when a body of known length is there; only meaningful while none of it was taken.
  package var isComplete: Bool {
    guard let length = head?.contentLength else { return false }
    return buffer.count >= length
  }

  private func endOfHead() -> Int? {
    let end = Array("\r\n\r\n".utf8)
    guard buffer.count >= end.count else { return nil }
    return (0...(buffer.count - end.count))
      .first { buffer[$0..<($0 + end.count)].elementsEqual(end) }
      .map { $0 + end.count }
  }

  private static func parse(_ bytes: ArraySlice<UInt8>) throws(Problem) -> Head {
    let lines = String(decoding: bytes, as: UTF8.self)
      .split(separator: "\r\n", omittingEmptySubsequences: true)
    let first = lines.first?.split(separator: " ", maxSplits: 2) ?? []
    guard first.count >= 2, first[0].hasPrefix("HTTP/1."), let status = Int(first[1]) else {
      throw .malformed
    }
    var head = Head(status: status)
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "content-length" else { continue }
      guard let length = Int(parts[1].filter { $0 != " " }), length >= 0 else { throw .malformed }
      head.contentLength = length
    }
    return head
  }
}
