import DiscoveryCore
import Testing

@Suite("A text within a text")
struct TextSearchTests {
  @Test(
    "it is found wherever it stands",
    arguments: [
      ("abc", "abc", true), ("abc", "c", true), ("abc", "ab", true), ("aab", "ab", true),
      ("abc", "", true), ("abc", "ac", false), ("abc", "abcd", false), ("", "a", false),
      ("größer", "ß", true), ("größer", "B", false),
    ])
  func isFound(text: String, part: String, expected: Bool) {
    #expect(text.holds(part) == expected)
  }
}
