/// Where the TCP listener is, as `host` in [server] or `--host` says it.
package enum ListenHost: Hashable, Sendable, CustomStringConvertible {
  /// There is none: "".
  case none
  /// 127.0.0.1, and ::1 where the machine has it: "localhost".
  case localhost
  /// One address; `0.0.0.0` and `::` are all of them.
  case address(Address)

  /// What is wrong with a text that is no host to listen at.
  package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    /// As it goes on after the host's name: `must be …`.
    package let description: String
    package let hint: String?
  }

  /// Reads "", "localhost" in any case, or an address of the kind that a machine has; a link-local IPv6
  /// one with its interface after "%".
  package init(parsing text: String) throws(Problem) {
    guard !text.isEmpty else {
      self = .none
      return
    }
    guard text.lowercased() != "localhost" else {
      self = .localhost
      return
    }
    guard let address = Address(text) else {
      throw Problem(
        description: "must be an IP address, \"localhost\", or \"\" for none, but is \"\(text)\"",
        hint: Self.hint(text))
    }
    let isAll = address == Self.allIPv4 || address == Self.allIPv6
    guard !address.isMulticast, !address.isReserved, isAll || !address.isUnspecified else {
      throw Problem(
        description: "must be an address of this machine, but is \"\(text)\"", hint: nil)
    }
    guard address.family == .ipv4 || !address.isLinkLocal || address.zone != nil else {
      throw Problem(
        description: "is \"\(text)\", which is on every link",
        hint: "write the interface after it, as in \"\(text)%eth0\"")
    }
    self = .address(address)
  }

  /// True when other machines may reach it.
  package var isRemote: Bool {
    switch self {
    case .none, .localhost: false
    case .address(let address): !address.isLoopback
    }
  }

  package var description: String {
    switch self {
    case .none: ""
    case .localhost: "localhost"
    case .address(let address): "\(address)"
    }
  }

  private static let allIPv4 = Address(ipv4: 0)
  private static let allIPv6 = Address(ipv6High: 0, low: 0)

  private static func hint(_ text: String) -> String? {
    if text.hasPrefix("["), text.hasSuffix("]"), Address(text.dropFirst().dropLast()) != nil {
      return "write it without the brackets"
    }
    guard let colon = text.lastIndex(of: ":") else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    let isHost = host.isEmpty || host == "localhost" || Address(host) != nil
    return isHost ? "the port is a setting of its own" : nil
  }
}
