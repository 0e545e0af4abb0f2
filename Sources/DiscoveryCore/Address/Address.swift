/// An IPv4 or IPv6 address; a link-local IPv6 one carries its zone (RFC 4007).
package struct Address: Hashable, Sendable {
  package enum Family: String, Hashable, Comparable, Sendable, Codable {
    case ipv4
    case ipv6

    package static func < (left: Family, right: Family) -> Bool {
      left == .ipv4 && right == .ipv6
    }
  }

  package let family: Family
  /// The first 64 bits of an IPv6 address; zero for IPv4.
  package let high: UInt64
  /// The last 64 bits of an IPv6 address, or the 32 bits of an IPv4 one.
  package let low: UInt64
  /// The interface that a link-local IPv6 address is valid on; nil for all others.
  package let zone: String?

  package init(ipv4 bits: UInt32) {
    family = .ipv4
    high = 0
    low = UInt64(bits)
    zone = nil
  }

  /// An IPv6 address; `zone` is kept only where it means something: on a link-local address.
  package init(ipv6High high: UInt64, low: UInt64, zone: String? = nil) {
    family = .ipv6
    self.high = high
    self.low = low
    self.zone = high >> 54 == 0xFE80 >> 6 ? zone : nil
  }

  /// The address in `bytes`, in network order: 4 or 16 of them, else nil.
  package init?(networkBytes bytes: some Collection<UInt8>, zone: String? = nil) {
    switch bytes.count {
    case 4:
      self.init(ipv4: bytes.reduce(0) { $0 << 8 | UInt32($1) })
    case 16:
      self.init(
        ipv6High: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
        low: bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }, zone: zone)
    default:
      return nil
    }
  }

  /// The address in network order: 4 or 16 bytes.
  package var networkBytes: [UInt8] {
    switch family {
    case .ipv4: (0..<4).map { UInt8(truncatingIfNeeded: low >> (24 - 8 * $0)) }
    case .ipv6:
      [high, low].flatMap { half in
        (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) }
      }
    }
  }

  /// The address without its zone.
  package var unzoned: Address {
    family == .ipv4 ? self : Address(ipv6High: high, low: low)
  }

  /// True when they differ at most in their zone.
  package func isSameNumber(as other: Address) -> Bool {
    low == other.low && high == other.high && family == other.family
  }

  /// An IPv6 address with the zone `zone` (RFC 4007 §11); IPv4 has none.
  package func zoned(_ zone: String) -> Address {
    family == .ipv4 ? self : Address(ipv6High: high, low: low, zone: zone)
  }
}

// MARK: - Kinds of address

extension Address {
  /// `0.0.0.0/8` ("this network", RFC 1122 §3.2.1.3) or `::`.
  package var isUnspecified: Bool {
    switch family {
    case .ipv4: low >> 24 == 0
    case .ipv6: high == 0 && low == 0
    }
  }

  /// `127.0.0.0/8` or `::1`.
  package var isLoopback: Bool {
    switch family {
    case .ipv4: low >> 24 == 127
    case .ipv6: high == 0 && low == 1
    }
  }

  /// `224.0.0.0/4` or `ff00::/8`.
  package var isMulticast: Bool {
    switch family {
    case .ipv4: low >> 28 == 0xE
    case .ipv6: high >> 56 == 0xFF
    }
  }

  /// What nobody may announce: `255.255.255.255` and the rest of `240.0.0.0/4` (RFC 1112 §4), or
  /// `0000::/8` (RFC 4291 §2.4) but `::` and `::1`. The latter writes IPv4 addresses otherwise
  /// (`::ffff:10.0.0.5`, `::10.0.0.5`, `64:ff9b::10.0.0.5`), past the rules for those.
  package var isReserved: Bool {
    switch family {
    case .ipv4: low >> 28 == 0xF
    case .ipv6: high >> 56 == 0 && !isUnspecified && !isLoopback
    }
  }

  /// `169.254.0.0/16` (RFC 3927) or `fe80::/10` (RFC 4291 §2.5.6).
  package var isLinkLocal: Bool {
    switch family {
    case .ipv4: low >> 16 == 0xA9FE
    case .ipv6: high >> 54 == 0xFE80 >> 6
    }
  }

  /// RFC 1918, RFC 6598 (shared, as overlays use it) or RFC 4193 (`fc00::/7`).
  package var isPrivate: Bool {
    switch family {
    case .ipv4:
      low >> 24 == 10 || low >> 20 == 0xAC1 || low >> 16 == 0xC0A8 || low >> 22 == 0x6440 >> 6
    case .ipv6: high >> 57 == 0xFC >> 1
    }
  }

  /// The address at which clouds serve secrets to whoever asks from the machine itself.
  package var isMetadataService: Bool {
    family == .ipv4 && low == 0xA9FE_A9FE
  }
}

// MARK: - Order

extension Address: Comparable {
  /// An arbitrary, stable order: IPv4 first, then by number, then by zone.
  package static func < (left: Address, right: Address) -> Bool {
    if left.family != right.family { return left.family < right.family }
    if left.high != right.high { return left.high < right.high }
    if left.low != right.low { return left.low < right.low }
    return (left.zone ?? "") < (right.zone ?? "")
  }
}
