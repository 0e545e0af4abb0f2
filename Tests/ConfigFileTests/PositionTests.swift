import ConfigFile
import DiscoveryTestKit
import Testing

/// Blocks of 32 bytes, ASCII or not, are decoded in different ways: no mixture may move a column.
@Suite("Lines and columns")
struct PositionTests {
  @Test("are exact for keys and values, whatever stands before them", arguments: UInt64(0)..<400)
  func areExact(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var text = ""
    var expected: [String] = []
    for index in 0..<Int.random(in: 1...6, using: &random) {
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        text += "#" + filler(&random) + (Bool.random(using: &random) ? "\r\n" : "\n")
      }
      var line = String(repeating: Bool.random(using: &random) ? " " : "\t", count: index)
      line += "backends"
      let position = "\(newlines(in: text) + 1)"
      if index > 0 { line = String(line.dropLast(8)) + "discovery" }
      switch index {
      case 0:
        line += " = ["
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          line += " { name = \"" + filler(&random) + "\", "
          expected.append("\(position):\(line.unicodeScalars.count + 1): error: unknown key")
          line += "nmae = 1, url = "
          expected.append("\(position):\(line.unicodeScalars.count + 1): error: \"url\"")
          line += "5 },"
        }
        line += "]"
      default:
        line += "."
        expected.append("\(position):\(line.unicodeScalars.count + 1): error: unknown key")
        line += "\"x\(index)" + filler(&random) + "\" = 1"
      }
      text += line + "\n"
    }
    let found = ConfigFile.parse(text, path: "f").problems.map { problem in
      problem.description.dropFirst(2).prefix { $0 != "\u{0}" }
    }.filter { !$0.contains("must be at most") && !$0.contains("must not be empty") }
      .filter { !$0.contains("duplicate name") }
    #expect(found.count == expected.count, "seed \(seed)")
    for (found, expected) in zip(found, expected) {
      #expect(found.hasPrefix(expected), "seed \(seed), found \(found)")
    }
  }

  @Test("are inside the file also where it ends too soon", arguments: ["\"\n", "a = '\n", "[a\n"])
  func endTooSoon(text: String) {
    let problem = ConfigFile.parse(text, path: "f").problems.first
    #expect(problem?.line == 1)
    #expect((1...text.count).contains(problem?.column ?? 0), "\(String(describing: problem))")
  }

  private func newlines(in text: String) -> Int { text.utf8.count { $0 == UInt8(ascii: "\n") } }

  private func filler(_ random: inout SeededGenerator) -> String {
    let pieces = ["a", "bc", " ", "ä", "€", "😀", "👩‍👩‍👧", "0123456789abcdef", "計算機"]
    return (0..<Int.random(in: 0...12, using: &random))
      .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
  }
}
