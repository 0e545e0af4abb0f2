import APIModel
import DiscoveryCore

/// JSON: whatever the bytes are, they are a value whose parts are values too, or none at all.
@Sendable func fuzzJSON(_ bytes: [UInt8]) {
  guard let json = try? JSON(parsing: bytes) else { return }
  checkValue(json, within: bytes[...])
  _ = try? BackendDocument(json)
  _ = try? StatusDocument(json)
  _ = try? PlainObject(json)
}

private func checkValue(_ json: JSON, within bytes: ArraySlice<UInt8>) {
  let source = json.source
  check(
    source.startIndex >= bytes.startIndex && source.endIndex <= bytes.endIndex, "outside its text")
  guard let again = try? JSON(parsing: Array(source)) else { return check(false, "no JSON itself") }
  check(Array(again.source) == Array(source), "it is not all of its own text")
  let kinds = [
    json.isNull, json.isNumber, json.bool != nil, json.string != nil, json.elements != nil,
    json.isObject,
  ]
  check(kinds.count { $0 } == 1, "of several kinds, or none")
  check(again.string == json.string && again.double == json.double, "read as something else")
  if let text = json.string {
    var written: [UInt8] = []
    JSONText.append(text, to: &written)
    check((try? JSON(parsing: written))?.string == text, "another text when written: \(text)")
  }
  if let number = json.integer { check(json.double == Double(number), "two numbers: \(number)") }
  for element in json.elements ?? [] { checkValue(element, within: source) }
  for (key, value) in json.members ?? [] {
    checkValue(value, within: source)
    // Bytes that are no UTF-8 have become it.
    check(json[key] != nil || key.contains("\u{FFFD}"), "a key that is not found: \(key)")
  }
}
