import AvahiBridge
import CAvahi
import DiscoveryCore

@testable import AvahiBridge

private let serviceTypes = ["_ollama._tcp", "_llm._tcp", "_lmserv._tcp", "_exo._tcp"].compactMap {
  try? ServiceType(parsing: $0)
}

/// A TXT record as it is on the wire (RFC 6763 §6.1): strings with a byte of length before each. The
/// first byte of the input chooses the service type.
@Sendable func fuzzTXT(_ bytes: [UInt8]) {
  let items = items(bytes.dropFirst())
  var record = TXTRecord()
  for item in items { record.append(item: item) }
  checkAttributes(of: record, from: items)
  checkAvahi(items, gives: record)
  let type = serviceTypes[Int(bytes.first ?? 0) % serviceTypes.count]
  checkService(ParsedService(txt: record, serviceType: type), of: record)
}

private func items(_ bytes: ArraySlice<UInt8>) -> [[UInt8]] {
  var items: [[UInt8]] = []
  var rest = bytes
  while let length = rest.popFirst() {
    items.append(Array(rest.prefix(Int(length))))
    rest = rest.dropFirst(Int(length))
  }
  return items
}

private func checkAttributes(of record: TXTRecord, from items: [[UInt8]]) {
  // The obvious reading: lower-case keys in a list, the first of each.
  var keys: [[UInt8]] = []
  var wanted: [TXTRecord.Attribute] = []
  for item in items where !item.isEmpty && item[0] != UInt8(ascii: "=") {
    let end = item.firstIndex(of: UInt8(ascii: "=")) ?? item.count
    let key = String(decoding: item[..<end], as: UTF8.self)
    let lowercase = key.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }
    guard !keys.contains(lowercase), keys.count < 64 else { continue }
    keys.append(lowercase)
    let value = end < item.count ? String(decoding: item[(end + 1)...], as: UTF8.self) : nil
    wanted.append(TXTRecord.Attribute(key: key, value: value))
  }
  check(record.attributes == wanted, "\(record.attributes), not \(wanted)")
  var again = TXTRecord()
  for attribute in record.attributes {
    check(attribute.key.utf8.count + (attribute.value?.utf8.count ?? 0) <= 3 * 255, "too long")
    check(record[attribute.key] == attribute.value, "\(attribute.key) is not found")
    let item = Array(attribute.key.utf8) + (attribute.value.map { Array("=\($0)".utf8) } ?? [])
    if item.count <= 255 { again.append(item: item) }
  }
  if again.attributes.count == record.attributes.count {
    check(again == record, "it differs when it is read again")
  }
}

/// libavahi's list of strings, read by way of its C structure, is the same record.
private func checkAvahi(_ items: [[UInt8]], gives record: TXTRecord) {
  var list: UnsafeMutablePointer<AvahiStringList>?
  for item in items.reversed() { list = avahi_string_list_add_arbitrary(list, item, item.count) }
  defer { avahi_string_list_free(list) }
  check(AvahiNames.txtRecord(list) == record, "libavahi's list gives another record")
}

private func checkService(_ service: ParsedService, of record: TXTRecord) {
  checkPath(service.apiPath)
  if let refused = service.refusedAPIPath {
    check(refused == record["api_path"], "another path is refused than was advertised")
    check(service.apiPath == service.type.defaultAPIPath, "a refused path is used")
  } else if let path = record["api_path"] {
    check(path == service.apiPath || path == service.apiPath + "/", "a path is changed")
  }
  check(service.models == Set(service.models).sorted(), "models are no sorted set")
  check(!service.models.contains { $0.isEmpty || $0.utf8.contains(UInt8(ascii: ",")) }, "no model")
  check(service.version?.isEmpty != true, "an empty version")
}
