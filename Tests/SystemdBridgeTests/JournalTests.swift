import SystemdBridge
import Testing

@Suite("Records for the journal")
struct JournalTests {
  @Test(
    "a field has a name that journald takes",
    arguments: ["MESSAGE", "NEXUS_BACKEND_ID", "A1", "X", String(repeating: "L", count: 64)])
  func names(name: String) {
    #expect(JournalField(name, "value")?.assignment == Array("\(name)=value".utf8))
  }

  @Test(
    "any other name is refused",
    arguments: [
      "", "message", "_PID", "1A", "NAME=", "A B", "A-B", "Ä", "A\n", "A\u{301}",
      String(repeating: "L", count: 65),
    ])
  func badNames(name: String) {
    #expect(JournalField(name, "value") == nil)
  }

  @Test("a value is kept byte for byte: line breaks, NUL, equals signs, no text at all")
  func values() throws {
    let field = try #require(JournalField("MESSAGE", "one\ntwo\0=größe"))
    #expect(field.assignment == Array("MESSAGE=one\ntwo\0=größe".utf8))
    let binary = try #require(JournalField("DATA", [0xFF, 0, 0x0A, 0x80]))
    #expect(binary.assignment == Array("DATA=".utf8) + [0xFF, 0, 0x0A, 0x80])
    #expect(JournalField("EMPTY", "")?.assignment == Array("EMPTY=".utf8))
  }

  @Test(
    "standard error is the journal only when the numbers are those of JOURNAL_STREAM",
    arguments: [
      ("8:12345", true), ("8:12346", false), ("9:12345", false), ("8", false), ("", false),
      (":", false), ("8:12345:1", false), ("8:12345 ", false), ("a:b", false),
    ])
  func stream(text: String, expected: Bool) {
    #expect(Journal.isStream(text, device: 8, inode: 12345) == expected)
  }

  @Test("a machine without journald takes a record as well, and drops it")
  func withoutJournal() throws {
    guard !Journal.isAvailable else { return }
    try Journal.send([try #require(JournalField("MESSAGE", "nobody reads this"))])
  }
}
