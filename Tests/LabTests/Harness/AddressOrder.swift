import Foundation

extension Sequence<String> {
  /// IPv6 addresses, each with a zone or without, in the order of their bytes, then of their zones. As
  /// texts they have another one now and then: 0x0842 is written "842".
  func inAddressOrder() throws -> [String] {
    let keyed = try map { text in
      let parts = text.split(separator: "%", maxSplits: 1).map(String.init)
      var bytes = [UInt8](repeating: 0, count: 16)
      guard inet_pton(AF_INET6, parts.first ?? "", &bytes) == 1 else {
        throw LabError("no IPv6 address: \(text)")
      }
      return (text: text, bytes: bytes, zone: parts.dropFirst().first ?? "")
    }
    return keyed.sorted { left, right in
      left.bytes == right.bytes
        ? left.zone < right.zone : left.bytes.lexicographicallyPrecedes(right.bytes)
    }.map(\.text)
  }
}
