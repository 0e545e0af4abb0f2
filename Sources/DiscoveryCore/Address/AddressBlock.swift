/// A block of addresses in CIDR notation: `10.0.0.0/8`, `fd00::/8` (RFC 4632).
package struct AddressBlock: Hashable, Sendable, CustomStringConvertible {
  /// The block's address as it was written; bits past the prefix are ignored.
  package let address: Address
  /// How many leading bits count: 0 to 32, or to 128.
  package let prefixLength: Int

  /// The block of `address` and the leading `prefixLength` bits, which are cut to what it has.
  package init(_ address: Address, prefixLength: Int) {
    self.address = address.unzoned
    self.prefixLength = min(max(prefixLength, 0), address.family == .ipv4 ? 32 : 128)
  }

  /// Reads CIDR notation; an address alone is the block of just that one. Nil for anything else.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = parts.first.flatMap({ Address(String($0)) }), address.zone == nil else {
      return nil
    }
    let bits = address.family == .ipv4 ? 32 : 128
    guard parts.count == 2 else {
      self.init(address, prefixLength: bits)
      return
    }
    guard let length = UInt8(parts[1]), Int(length) <= bits, parts[1].first != "+" else {
      return nil
    }
    self.init(address, prefixLength: Int(length))
  }

  package var description: String { "\(address)/\(prefixLength)" }

  /// True when `other` lies in the block; its zone is not compared.
  package func contains(_ other: Address) -> Bool {
    guard other.family == address.family else { return false }
    switch address.family {
    case .ipv4:
      return (other.low ^ address.low) >> (32 - prefixLength) == 0
    case .ipv6:
      let highLength = min(prefixLength, 64)
      let lowLength = max(prefixLength - 64, 0)
      return (other.high ^ address.high) >> (64 - highLength) == 0
        && (other.low ^ address.low) >> (64 - lowLength) == 0
    }
  }
}
