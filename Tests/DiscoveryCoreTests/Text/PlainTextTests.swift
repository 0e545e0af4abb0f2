import DiscoveryCore
import Testing

@Suite("Plain text")
struct PlainTextTests {
  @Test(
    "what can be seen stays whole",
    arguments: [
      "", "gpu-box-02", "dot.ted box", "größe 😀", "計算機", "حاسوب", "कम्प्यूटर", "می‌خواهم",
      "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "e\u{301}", "a\\nb", "🇩🇪", "\u{600}12",
    ])
  func keeps(_ text: String) {
    #expect(Array(PlainText.cleaned(text).utf8) == Array(text.utf8))
  }

  @Test(
    "what could forge a line, move a cursor or reorder text becomes a visible escape",
    arguments: [
      ("a\nb", #"a\nb"#),
      ("a\r\nb", #"a\r\nb"#),
      ("a\tb", #"a\tb"#),
      ("\u{1B}[2Jx", #"\u{1B}[2Jx"#),
      ("a\0b", #"a\u{0}b"#),
      ("\u{7F}", #"\u{7F}"#),
      ("\u{85}\u{9B}", #"\u{85}\u{9B}"#),
      ("\u{2028}\u{2029}", #"\u{2028}\u{2029}"#),
      ("user\u{202E}txt", #"user\u{202E}txt"#),
      ("\u{2066}x\u{2069}", #"\u{2066}x\u{2069}"#),
      ("\u{61C}\u{200E}\u{200F}", #"\u{61C}\u{200E}\u{200F}"#),
      ("a\u{200B}b\u{FEFF}", #"a\u{200B}b\u{FEFF}"#),
      ("\u{200D}", #"\u{200D}"#),
      ("\n\u{200D}", #"\n\u{200D}"#),
      ("a\u{E0067}", #"a\u{E0067}"#),
      ("\u{FFFE}", #"\u{FFFE}"#),
      (String(decoding: [0x61, 0xFF], as: UTF8.self), "a\u{FFFD}"),
    ])
  func escapes(_ text: String, _ expected: String) {
    #expect(PlainText.cleaned(text) == expected)
  }

  @Test("cleaning twice changes nothing more")
  func isIdempotent() {
    for value in UInt32(0)...0x2100 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let once = PlainText.cleaned("a\(scalar)b")
      #expect(PlainText.cleaned(once) == once)
      #expect(!once.contains { $0.isNewline })
    }
  }
}
