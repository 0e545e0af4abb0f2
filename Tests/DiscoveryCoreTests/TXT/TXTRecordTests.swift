import DiscoveryCore
import DiscoveryTestKit
import Testing

@Suite struct TXTRecordTests {
  private func record(_ items: [String]) -> TXTRecord {
    var record = TXTRecord()
    for item in items { record.append(item: Array(item.utf8)) }
    return record
  }

  @Test("keys are compared without case and the first duplicate wins (RFC 6763 §6.4)")
  func duplicates() {
    let txt = record(["Version=1", "version=2", "a", "A=x"])
    #expect(txt["version"] == "1")
    #expect(txt.attributes.map(\.key) == ["Version", "a"])
    #expect(txt["a"] == nil)
  }

  @Test("a value may hold =, be empty, or be missing")
  func values() {
    let txt = record(["a=b=c", "b=", "c"])
    #expect(
      txt.attributes == [
        .init(key: "a", value: "b=c"), .init(key: "b", value: ""), .init(key: "c", value: nil),
      ])
  }

  @Test("strings without a key are dropped (RFC 6763 §6.4)")
  func noKey() {
    #expect(record(["=x", "", "="]).attributes.isEmpty)
  }

  @Test("a record is bounded in attributes and in the length of each")
  func bounds() {
    #expect(record((0..<100).map { "k\($0)=v" }).attributes.count == 64)
    #expect(record(["k=" + String(repeating: "x", count: 254)]).attributes.isEmpty)
    #expect(record(["k=" + String(repeating: "x", count: 253)]).attributes.count == 1)
  }

  @Test("a record that is put together again from its attributes is the same")
  func again() {
    var txt = record(["Version=1", "flag", "empty=", "info=größe = 😀"])
    let long = String(repeating: "y", count: 765)
    let more = TXTRecord.Attribute(key: "long", value: long)
    let isTaken = txt.add(more)
    #expect(isTaken)
    #expect(TXTRecord(restoring: txt.attributes) == txt)
    #expect(txt["LONG"] == long)
    #expect(txt["flag"] == nil)
    #expect(txt["empty"] == "")
    #expect(txt.strings.map(\.count) == [9, 4, 6, 19, 770])
    #expect(txt.wireLength == 9 + 4 + 6 + 19 + 770 + 5)
    #expect(txt != record(["Version=1", "flag=", "empty=", "info=größe = 😀"]))
  }

  @Test("what is longer than any string of a record can become is dropped")
  func tooLong() {
    let long = String(repeating: "y", count: 70_000)
    let attributes = [TXTRecord.Attribute(key: "a", value: long), .init(key: long, value: nil)]
    #expect(TXTRecord(restoring: attributes).attributes.isEmpty)
  }

  @Test("bytes that are no UTF-8 become replacement characters")
  func binary() {
    var txt = TXTRecord()
    txt.append(item: [0x6B, 0x3D, 0xFF, 0x00, 0x41])
    #expect(txt["k"] == "\u{FFFD}\0A")
  }
}

@Suite struct ParsedServiceTests {
  private func parsed(
    _ txt: KeyValuePairs<String, String?>, _ type: String = "_llm._tcp"
  ) -> ParsedService {
    ParsedService(txt: TXTRecord(txt), serviceType: .of(type))
  }

  @Test("TXT names the type in any case; else the service type does")
  func type() {
    #expect(parsed(["TYPE": "vLLM"]).type == .vllm)
    #expect(parsed([:], "_ollama._tcp").type == .ollama)
    #expect(parsed([:], "_lmserv._tcp").type == .lmserv)
    #expect(parsed([:], "_exo._tcp").type == .exo)
    #expect(parsed([:]).type == .unknown)
    #expect(parsed(["type": "martian"], "_ollama._tcp").type == .ollama)
  }

  @Test("the API path is the advertised one, else the type's own")
  func apiPath() {
    #expect(parsed(["api_path": "/openai/v1"]).apiPath == "/openai/v1")
    #expect(parsed(["api_path": "/v1/"]).apiPath == "/v1")
    #expect(parsed(["api_path": "/"]).apiPath == "")
    #expect(parsed(["api_path": ""]).apiPath == "")
    #expect(parsed([:]).apiPath == "/v1")
    #expect(parsed([:], "_ollama._tcp").apiPath == "")
    #expect(parsed([:], "_lmserv._tcp").apiPath == "")
  }

  @Test("a path that would steer the URL is refused and the default taken")
  func refusedPath() {
    let service = parsed(["api_path": "@evil.example/"])
    #expect(service.apiPath == "/v1")
    #expect(service.refusedAPIPath == "@evil.example/")
    #expect(parsed(["api_path": "//evil/"]).refusedAPIPath == "//evil/")
    #expect(parsed(["api_path": "//"]).apiPath == "/v1")
  }

  @Test("models are a sorted list without duplicates")
  func models() {
    #expect(parsed(["models": "b,a,,b"]).models == ["a", "b"])
    #expect(parsed(["model": "llama3:8b"]).models == ["llama3:8b"])
    #expect(parsed([:]).models == [])
    #expect(parsed(["models": "a,\u{301}b"]).models == ["a", "\u{301}b"])
  }
}
