// Addresses as text: dotted quads, RFC 4291 §2.2 to read and RFC 5952 to write.

extension Address: CustomStringConvertible {
  /// `10.0.0.5`, `2001:db8::1`, `fe80::1%eth0`.
  package var description: String {
    switch family {
    case .ipv4: Self.dottedQuad(low)
    case .ipv6: zone.map { "\(ipv6Text)%\($0)" } ?? ipv6Text
    }
  }

  /// The address as the host of a URL: IPv6 in brackets, its zone after "%25" (RFC 6874).
  package var urlHost: String {
    switch family {
    case .ipv4: description
    case .ipv6: zone.map { "[\(ipv6Text)%25\($0)]" } ?? "[\(ipv6Text)]"
    }
  }

  /// Reads an address, with a zone after "%" where it is link-local IPv6; nil for anything else.
  package init?(_ text: String) {
    self.init(text[...])
  }

  package init?(_ text: Substring) {
    if let bits = Self.ipv4Bits(text.utf8) {
      self.init(ipv4: bits)
      return
    }
    let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = parts.first else { return nil }
    guard let groups = Self.ipv6Groups(String(address)) else { return nil }
    let high = groups[..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
    let low = groups[4...].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
    guard parts.count == 2 else {
      self.init(ipv6High: high, low: low)
      return
    }
    guard Self.isZone(parts[1]) else { return nil }
    self.init(ipv6High: high, low: low, zone: String(parts[1]))
    guard isLinkLocal else { return nil }
  }

  /// An interface name as a zone: what Linux allows and a URL can carry (1 to 15 bytes).
  private static func isZone(_ text: Substring) -> Bool {
    (1...15).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case Ascii.digits, Ascii.lowercaseLetters, Ascii.uppercaseLetters: true
        case Ascii.hyphen, Ascii.dot, UInt8(ascii: "_"), UInt8(ascii: "@"): true
        default: false
        }
      }
  }

  private static func dottedQuad(_ bits: UInt64) -> String {
    // Written in place, since every backend has one: four numbers of at most three digits each.
    String(unsafeUninitializedCapacity: 15) { buffer in
      var length = 0
      func append(_ byte: UInt8) {
        buffer[length] = byte
        length += 1
      }
      for shift in stride(from: UInt64(24), through: 0, by: -8) {
        let number = UInt8(truncatingIfNeeded: bits >> shift)
        if number >= 100 { append(UInt8(ascii: "0") + number / 100) }
        if number >= 10 { append(UInt8(ascii: "0") + number / 10 % 10) }
        append(UInt8(ascii: "0") + number % 10)
        if shift > 0 { append(Ascii.dot) }
      }
      return length
    }
  }

  /// The bits of a strict dotted quad: four decimal numbers without leading zeros.
  private static func ipv4Bits(_ text: Substring.UTF8View) -> UInt32? {
    var bits: UInt32 = 0
    var dots = 0
    /// The number that is being read; nil before its first digit.
    var number: UInt32?
    for byte in text {
      if byte == Ascii.dot {
        guard let part = number, dots < 3 else { return nil }
        bits = bits << 8 | part
        number = nil
        dots += 1
        continue
      }
      guard Ascii.digits.contains(byte), number != 0 else { return nil }
      let longer = (number ?? 0) * 10 + UInt32(byte - UInt8(ascii: "0"))
      guard longer < 256 else { return nil }
      number = longer
    }
    guard let last = number, dots == 3 else { return nil }
    return bits << 8 | last
  }

  /// The eight groups of an IPv6 address without its zone.
  private static func ipv6Groups(_ text: String) -> [UInt16]? {
    guard text.utf8.count <= 45 else { return nil }
    guard let gap = doubleColon(in: text.utf8) else {
      guard let groups = groups(text.utf8[...]), groups.count == 8 else { return nil }
      return groups
    }
    let after = text.utf8.index(gap, offsetBy: 2)
    guard let head = groups(text.utf8[..<gap], mayEndInQuad: false),
      let tail = groups(text.utf8[after...]),
      head.count + tail.count < 8
    else { return nil }
    return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
  }

  private static func doubleColon(in text: String.UTF8View) -> String.Index? {
    zip(text.indices, zip(text, text.dropFirst()))
      .first { $0.1.0 == Ascii.colon && $0.1.1 == Ascii.colon }?.0
  }

  /// The groups between colons; the very last of an address may be a dotted quad for two.
  private static func groups(_ text: Substring.UTF8View, mayEndInQuad: Bool = true) -> [UInt16]? {
    guard !text.isEmpty else { return [] }
    let parts = text.split(separator: Ascii.colon, omittingEmptySubsequences: false)
    var groups: [UInt16] = []
    for (index, part) in parts.enumerated() {
      if mayEndInQuad, index == parts.count - 1, part.contains(Ascii.dot) {
        guard let bits = ipv4Bits(part) else { return nil }
        groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
        continue
      }
      guard (1...4).contains(part.count) else { return nil }
      var group: UInt16 = 0
      for byte in part {
        guard let digit = Ascii.hexValue(byte) else { return nil }
        group = group << 4 | UInt16(digit)
      }
      groups.append(group)
    }
    return groups.count <= 8 ? groups : nil
  }

  /// Lower case, no leading zeros, the longest run of two or more zero groups as "::" (RFC 5952 §4),
  /// the last 32 bits of an IPv4-mapped address as a dotted quad (§5).
  private var ipv6Text: String {
    if high == 0, low >> 32 == 0xFFFF { return "::ffff:\(Self.dottedQuad(low & 0xFFFF_FFFF))" }
    let groups = (0..<8).map { index -> UInt64 in
      let half = index < 4 ? high : low
      return half >> UInt64(48 - 16 * (index & 3)) & 0xFFFF
    }
    func text(_ part: some Collection<UInt64>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard let gap = Self.longestZeroRun(groups) else { return text(groups) }
    return text(groups[..<gap.lowerBound]) + "::" + text(groups[gap.upperBound...])
  }

  private static func longestZeroRun(_ groups: [UInt64]) -> Range<Int>? {
    var longest = 0..<0
    var start = 0
    while start < groups.count {
      let end: Int = groups[start...].firstIndex { $0 != 0 } ?? groups.count
      if end - start > longest.count { longest = start..<end }
      start = end + 1
    }
    return longest.count >= 2 ? longest : nil
  }
}
