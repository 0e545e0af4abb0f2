import AvahiBridge
import CAvahi
import DiscoveryCore
import Glibc

@testable import AvahiBridge

/// Any bytes as each of the names that the network or a person may give: instances, service types,
/// hosts, addresses, URLs, paths, ids; and as text that is shown.
@Sendable func fuzzNames(_ bytes: [UInt8]) {
  let text = String(decoding: bytes, as: UTF8.self)
  checkString(bytes)
  checkInstance(text)
  checkShown(text)
  checkServiceType(text)
  checkHostName(text)
  checkAddress(text)
  checkBackendURL(text)
  if APIPath.isValid(text) { checkPath(text) }
  if let id = BackendID(text) { check(id.description == text.lowercased(), "\(id) is not \(text)") }
  if let type = BackendType(named: text) {
    check(BackendType(named: type.rawValue) == type, "\(type) has another name")
  }
  _ = NearestName.of(text, among: ["name", "url", "type", "priority"])
}

/// A string of C becomes one of Swift only when it is UTF-8, since only that may go back.
private func checkString(_ bytes: [UInt8]) {
  let text = (bytes + [0]).withUnsafeBufferPointer { buffer in
    buffer.withMemoryRebound(to: CChar.self) { AvahiNames.string($0.baseAddress) }
  }
  let wanted = String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
  check(text.map { Array($0.utf8) } == wanted.map { Array($0.utf8) }, "read as another string")
}

/// The escaped full name (RFC 6763 §4.3) is plain ASCII and stands for exactly the name.
private func checkInstance(_ name: String) {
  guard let type = try? ServiceType(parsing: "_ollama._tcp") else { return }
  let instance = AvahiNames.instance(named: name, type: type)
  let isName = (1...63).contains(name.utf8.count) && !name.utf8.contains(0)
  check((instance != nil) == isName, "\(name.utf8.count) bytes are a name, or none")
  guard let full = instance?.fullName else { return }
  let suffix = "._ollama._tcp.local"
  check(full.hasSuffix(suffix) && full.utf8.allSatisfy { (0x21...0x7E).contains($0) }, full)
  var unescaped: [UInt8] = []
  var label = full.utf8.dropLast(suffix.utf8.count)
  while let byte = label.popFirst() {
    check(byte != UInt8(ascii: "."), "an open dot in \(full)")
    guard byte == UInt8(ascii: "\\") else {
      unescaped.append(byte)
      continue
    }
    if let first = label.first, (48...57).contains(first) {
      unescaped.append(UInt8(String(decoding: label.prefix(3), as: UTF8.self)) ?? 0)
      label = label.dropFirst(3)
    } else if let plain = label.popFirst() {
      unescaped.append(plain)
    }
  }
  check(unescaped == Array(name.utf8), "\(full) is not \(name)")
}

/// One line without a scalar that moves, hides or turns round what stands next to it.
private func checkShown(_ text: String) {
  let clean = PlainText.cleaned(text)
  for scalar in clean.unicodeScalars {
    let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    let isBreak = scalar.value == 0x2028 || scalar.value == 0x2029
    let isBidi =
      [0x061C, 0x200E, 0x200F].contains(scalar.value) || (0x202A...0x202E).contains(scalar.value)
      || (0x2066...0x206F).contains(scalar.value)
    check(!isControl && !isBreak && !isBidi, "U+\(String(scalar.value, radix: 16)) is shown")
  }
  check(!clean.contains { $0.isNewline }, "more than one line")
  check(PlainText.cleaned(clean) == clean, "cleaning again changes \(clean)")
  check(clean.utf8.count <= 8 * text.utf8.count, "it grows to \(clean.utf8.count) bytes")
  if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { check(clean == text, "\(clean)") }
}

private func checkServiceType(_ text: String) {
  guard let type = try? ServiceType(parsing: text) else { return }
  let labels = type.name.utf8.split(separator: UInt8(ascii: "."))
  let isPlain = type.name.utf8.allSatisfy {
    "abcdefghijklmnopqrstuvwxyz0123456789-_.".utf8.contains($0)
  }
  check(isPlain && labels.count == 2 && (2...16).contains(labels[0].count), type.name)
  check(["_tcp", "_udp"].contains(type.name.suffix(4)) && type.name.hasPrefix("_"), type.name)
  for spelling in [type.name, type.fullName, type.fullName + ".", type.name.uppercased()] {
    check((try? ServiceType(parsing: spelling)) == type, "\(spelling) is not \(type)")
  }
  check(text.utf8.allSatisfy { $0 < 0x80 }, "\(type) was written as \(text)")
}

private func checkHostName(_ text: String) {
  guard let name = HostName.normalized(text) else { return }
  check(HostName.normalized(name) == name, "\(name) has another normal form")
  check(text.lowercased() == name || text.lowercased() == name + ".", "\(name) is not \(text)")
  check(name.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-_.".utf8.contains($0) }, name)
  check(Address(name)?.family != .ipv4, "\(name) is an address")
}

/// The C library reads addresses too, and knows nothing of ours.
private func checkAddress(_ text: String) {
  let address = Address(text)
  if let block = AddressBlock(text) {
    check(block.contains(block.address) && AddressBlock(block.description) == block, "\(block)")
  }
  guard !text.utf8.contains(0) else { return check(address == nil, "an address with a NUL") }
  if !text.utf8.contains(UInt8(ascii: "%")) {
    let bytes = networkBytes(text, AF_INET, 4) ?? networkBytes(text, AF_INET6, 16)
    check(address?.networkBytes == bytes, "\(text) is \(String(describing: address))")
  }
  guard let address else { return }
  check(Address(address.description) == address, "\(address) is not read again")
  let bare = address.unzoned.description
  let family = address.family == .ipv4 ? AF_INET : AF_INET6
  check(networkBytes(bare, family, address.networkBytes.count) == address.networkBytes, bare)
  let parsed = try? BackendURL(parsing: "http://\(address.urlHost):1/v1")
  check(
    parsed?.host == .address(address) && parsed?.port == 1, "\(address.urlHost) as a URL's host")
}

private func networkBytes(_ text: String, _ family: Int32, _ count: Int) -> [UInt8]? {
  var bytes = [UInt8](repeating: 0, count: count)
  return inet_pton(family, text, &bytes) == 1 ? bytes : nil
}

private func checkBackendURL(_ text: String) {
  guard let url = try? BackendURL(parsing: text) else { return }
  checkURL(
    url.description, leadsTo: url.host.urlHost, port: url.port, path: url.path ?? "")
  checkPath(url.path ?? "")
  // As written, too, it leads nowhere else.
  let written = text.lowercased()
  let rest = written.drop { $0 != "/" }.dropFirst(2)
  let authority = rest.prefix { !"/?#\\".contains($0) }
  check(!authority.contains("@") && !written.contains("?") && !written.contains("#"), text)
  check(written.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "\(url) was written as \(text)")
}
