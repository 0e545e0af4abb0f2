/// A backend's id: the UUIDv5 (RFC 9562 §5.5) of the identity that it was born with.
///
/// An mDNS name is hashed in the DNS namespace, a URL in the URL namespace, so anyone can compute
/// the id: `uuid5(NAMESPACE_DNS, "gpu-box-02._ollama._tcp.local")`.
package struct BackendID: Hashable, Comparable, Sendable, CustomStringConvertible {
  private let high: UInt64
  private let low: UInt64

  package enum Namespace: Sendable {
    /// Escaped full instance names.
    case dns
    /// URLs in normal form.
    case url
  }

  /// The id of `identity`; `attempt` above 0 gives others, for when the first is taken.
  package init(of identity: String, in namespace: Namespace, attempt: Int = 0) {
    // RFC 9562 §6.6: 6ba7b810-… and 6ba7b811-9dad-11d1-80b4-00c04fd430c8.
    let digest = SHA1.digest(
      of: (
        namespace == .dns ? 0x6BA7_B810_9DAD_11D1 : 0x6BA7_B811_9DAD_11D1, 0x80B4_00C0_4FD4_30C8
      ),
      attempt > 0 ? "\(identity) #\(attempt + 1)" : identity)
    let head = UInt64(digest.0) << 32 | UInt64(digest.1)
    let tail = UInt64(digest.2) << 32 | UInt64(digest.3)
    high = head & ~0xF000 | 0x5000
    low = tail & ~(0b11 << 62) | 0b10 << 62
  }

  /// Reads the 36-character form in either case; nil for anything else.
  package init?(_ text: String) {
    guard text.utf8.count == 36 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    var position = 0
    for byte in text.utf8 {
      switch position {
      case 8, 13, 18, 23:
        guard byte == Ascii.hyphen else { return nil }
      default:
        guard let digit = Ascii.hexValue(byte) else { return nil }
        high = high << 4 | low >> 60
        low = low << 4 | UInt64(digit)
      }
      position += 1
    }
    self.high = high
    self.low = low
  }

  package var description: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for position in 0..<32 {
      if [8, 12, 16, 20].contains(position) { text.append(Ascii.hyphen) }
      let half = position < 16 ? high : low
      text.append(digits[Int(half >> (60 - 4 * (position & 15)) & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  package static func < (left: BackendID, right: BackendID) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }
}
