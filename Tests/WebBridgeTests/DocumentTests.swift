import APIModel
import DiscoveryCore
import DiscoveryTestKit
import Foundation
import Testing

struct DocumentTests {
  @Test("a backend has all its keys, null where nothing is known")
  func backendKeys() throws {
    let bytes = try JSONText.encode(
      BackendDocument(backend("gpu", txt: TXTRecord(["a": "1", "b": nil]))))
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    let keys = [
      "id", "name", "url", "type", "status", "source", "sources", "priority", "api_path",
      "detected_type", "host",
      "port", "addresses", "hostname", "mdns_instance", "service_type", "version", "models", "info",
      "txt", "interfaces", "local", "stale", "first_seen", "last_seen", "expires_at", "last_check",
      "latency_ms", "last_error",
    ]
    #expect(object.keys.sorted() == keys.sorted())
    for key in ["mdns_instance", "version", "info", "expires_at", "last_check", "latency_ms"] {
      #expect(object[key] is NSNull, "\(key)")
    }
    let txt = try #require(object["txt"] as? [String: Any])
    #expect(txt["a"] as? String == "1" && txt["b"] is NSNull)
    #expect(object["first_seen"] as? String == "2026-01-31T10:00:00.123Z")
    #expect(object["url"] as? String == "http://10.0.0.5:11434")
  }

  @Test("a backend is read back as it was written")
  func roundTrip() throws {
    var subject = backend("größe 😀", models: ["a"], txt: TXTRecord(["k": nil, "K2": "v=\u{0}"]))
    subject.lastCheck = HealthReport(
      at: noon.wall, latency: .microseconds(3200), error: "say \"no\"\n")
    subject.expiresAt = noon.wall
    let document = BackendDocument(subject)
    #expect(document.latencyMilliseconds == 3.2)
    let bytes = try JSONText.encode(document)
    #expect(try JSONText.decode(BackendDocument.self, from: bytes) == document)
  }

  @Test("what is kept of a backend takes no more memory than it needs")
  func capacity() {
    let bytes = BackendDocument(backend("gpu", models: ["a", "b"])).json
    // malloc gives out sixteen bytes at a time.
    #expect(bytes.capacity < bytes.count + 32)
  }

  @Test("of a body's duplicate keys the first counts, be it null")
  func duplicates() throws {
    let text = #"{"url": "http://a", "url": "http://b", "name": null, "name": "x", "url": null}"#
    let object = try JSONText.decode(PlainObject.self, from: Array(text.utf8))
    #expect(object.values == ["url": .text("http://a")])
    #expect(object.keys == ["name", "name", "url", "url", "url"])
  }

  @Test("a backend is written as the encoder writes it, whatever it holds", arguments: 0..<16)
  func writing(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let scalars = Array(
      "aZ09 _-.:/\\\"\n\t\r\u{8}\u{C}\0\u{1F}\u{7F}\u{9B}\u{202E}\u{FEFF}éß漢😀e\u{301}"
        .unicodeScalars)
    for _ in 0..<12 {
      func text() -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...6, using: &random) {
          text.append(scalars.randomElement(using: &random) ?? "x")
        }
        return String(text)
      }
      func some<Value>(_ value: Value) -> Value? { Bool.random(using: &random) ? value : nil }
      func texts() -> [String] { (0..<Int.random(in: 0...3, using: &random)).map { _ in text() } }
      var document = BackendDocument(backend(text()))
      (document.addresses, document.models, document.interfaces) = (texts(), texts(), texts())
      (document.sources, document.hostname, document.info) = (texts(), some(text()), some(text()))
      (document.mdnsInstance, document.serviceType) = (some(text()), some(text()))
      (document.version, document.detectedType) = (some(text()), some(text()))
      (document.expiresAt, document.lastCheck) = (some(document.firstSeen), some(document.lastSeen))
      document.lastError = some(text())
      let microseconds = Int.random(in: 0...(1 << (3 * seed)), using: &random)
      document.latencyMilliseconds = some(Double(microseconds) / 1000)
      document.txt = Dictionary((texts() + texts()).map { ($0, some(text())) }) { first, _ in first
      }
      document.priority = Int.random(in: -1...100, using: &random)
      document.port = UInt16.random(in: 0...UInt16.max, using: &random)
      (document.isLocal, document.isStale) = (seed % 2 == 0, seed % 3 == 0)
      let encoded = try JSONText.encode(document)
      let read = try JSONText.decode(BackendDocument.self, from: document.json)
      #expect(document.json == encoded, "seed \(seed)")
      #expect(read == document)
    }
  }

  @Test("what a terminal would act on is escaped")
  func escaping() throws {
    let name = "\u{1B}[31m\u{9B}2J\u{202E}evil\u{7F}\u{2066}\u{200F}é😀/"
    let text = String(decoding: try JSONText.encode([name]), as: UTF8.self)
    let expected =
      #"["\u001b[31m\u009b2J\u202eevil\u007f\u2066\u200fé😀/"]"#
    #expect(text.lowercased() == expected.lowercased())
    let read = try JSONText.parse(Array(text.utf8)).elements?.map(\.string)
    #expect(read == [name])
  }

  @Test(
    "times are written and read in UTC with milliseconds",
    arguments: [
      (Int64(0), "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (1_769_853_600_123, "2026-01-31T10:00:00.123Z"),
      (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ])
  func timestamps(milliseconds: Int64, text: String) {
    #expect(Timestamp(WallTime(milliseconds: milliseconds)).description == text)
    #expect(Timestamp(text)?.time.milliseconds == milliseconds)
  }

  @Test("reads any RFC 3339, and nothing else")
  func timestampForms() {
    #expect(Timestamp("2026-01-31T11:00:00.1239+01:00")?.time == noon.wall)
    #expect(Timestamp("2026-01-31t05:00:00.123-05:00")?.time == noon.wall)
    #expect(Timestamp("2026-01-31T10:00:00Z")?.time.milliseconds == 1_769_853_600_000)
    for bad in [
      "", "2026-01-31", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-31T24:00:00Z",
      "2026-01-31T10:00:00", "2026-01-31T10:00:00.Z", "2026-01-31T10:00:00Zx",
      "２026-01-31T10:00:00Z",
    ] {
      #expect(Timestamp(bad) == nil, "\(bad)")
    }
  }
}
