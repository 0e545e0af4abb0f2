import DiscoveryCore

/// The names under which a machine reaches itself, as requests say them (RFC 9110 §7.2).
///
/// A web page can have its own name resolve to 127.0.0.1 and then ask what listens there, as if it
/// were its own server (DNS rebinding); but the request says the page's name.
package enum LoopbackHost {
  /// True for `localhost`, names under it (RFC 6761 §6.3), 127.0.0.0/8 and [::1], each with or without
  /// a port.
  package static func matches(_ host: String) -> Bool {
    var name = host[...]
    if let colon = host.lastIndex(of: ":"),
      host[colon...].utf8.dropFirst().allSatisfy(Ascii.digits.contains)
    {
      name = host[..<colon]
    }
    if name.hasPrefix("["), name.hasSuffix("]") {
      return Address(name.dropFirst().dropLast()).map { $0.family == .ipv6 && $0.isLoopback }
        ?? false
    }
    if let address = Address(name) { return address.family == .ipv4 && address.isLoopback }
    let labels = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
    return labels.last == "localhost" && labels.allSatisfy(isLabel)
  }

  private static func isLabel(_ label: Substring) -> Bool {
    !label.isEmpty
      && label.utf8.allSatisfy { byte in
        switch byte {
        case Ascii.digits, Ascii.lowercaseLetters, Ascii.hyphen, UInt8(ascii: "_"): true
        default: false
        }
      }
  }
}
