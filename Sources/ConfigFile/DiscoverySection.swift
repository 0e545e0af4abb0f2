import DiscoveryCore

extension DiscoverySettings {
  mutating func read(from section: inout SectionReader) {
    section.read("enabled", .boolean, into: &enabled)
    section.read(
      "service_types", .list(of: .text(ServiceRules.type), mayBeEmpty: false), into: &serviceTypes)
    section.read("grace_period_seconds", .seconds(0...86_400), into: &gracePeriod)
    section.read("query_interval_seconds", .seconds(1...86_400, orZero: true), into: &queryInterval)
    section.read("ipv6", .boolean, into: &ipv6)
    section.read("prefer", .addressFamily, into: &prefer)
    section.read("interfaces", .list(of: .interfaceName), into: &interfaces)
    section.read("max_backends", .integer(1...1_000_000), into: &maxBackends)
    section.section("trust") { trust.read(from: &$0) }
  }
}

extension TrustSettings {
  fileprivate mutating func read(from section: inout SectionReader) {
    section.read("allow", .list(of: .addressBlock), into: &allow)
    section.read("deny", .list(of: .addressBlock), into: &deny)
    section.read("allow_public", .boolean, into: &allowPublic)
  }
}

extension ValueKind where Value == Address.Family {
  fileprivate static var addressFamily: Self {
    .text { text throws(TextProblem) in
      if let family = Address.Family(rawValue: text) { return family }
      throw .notOneOf(["ipv4", "ipv6"], text)
    }
  }
}

extension ValueKind where Value == AddressBlock {
  fileprivate static var addressBlock: Self {
    .text { text throws(TextProblem) in
      if let block = AddressBlock(text) { return block }
      throw .bad(
        "address block", text, "it is neither an address nor in CIDR notation",
        hint: "write it as \"10.0.0.0/8\" or \"fd00::/8\"")
    }
  }
}

extension ValueKind where Value == String {
  /// What the kernel accepts as an interface's name (`dev_valid_name`).
  fileprivate static var interfaceName: Self {
    .text { name throws(TextProblem) in
      let isValid =
        (1...15).contains(name.utf8.count) && name != "." && name != ".."
        && !name.contains { $0 == "/" || $0 == ":" || $0.isWhitespace }
        && !name.hasControlCharacters
      if isValid { return name }
      throw .bad("interface name", name, "it must be 1 to 15 bytes without \"/\", \":\" or space")
    }
  }
}
