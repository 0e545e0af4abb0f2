import ConsoleBridge
import Testing

@Suite("display width")
struct DisplayWidthTests {
  @Test(
    "is what wcwidth says",
    arguments: [
      ("", 0), ("abc", 3), ("größe", 5), ("o\u{308}", 1), ("😀", 2), ("漢字", 4), ("한글", 4),
      ("a\u{200B}b", 2), ("e\u{301}\u{302}x", 2),
    ])
  func width(text: String, width: Int) {
    #expect(DisplayWidth.of(text) == width)
  }

  @Test(
    "a prefix never splits a character",
    arguments: [
      ("abc", 2, "ab"), ("漢字", 3, "漢"), ("漢字", 1, ""), ("o\u{308}x", 1, "o\u{308}"),
      ("😀😀", 4, "😀😀"), ("abc", 0, ""), ("", 3, ""),
    ])
  func prefix(text: String, width: Int, prefix: String) {
    #expect(DisplayWidth.prefix(of: text, width: width) == prefix)
  }
}
