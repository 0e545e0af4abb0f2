import APIModel
import ConsoleBridge
import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import nexus_discovery

@Suite("tables")
struct TableTests {
  static let names = [
    "gpu-box-02", "größe 😀", "漢字漢字漢字漢字漢字漢字", "a\u{1B}[31mred\u{1B}[0m", "two\nlines\r\n",
    "\u{202E}evil\u{2066}", "o\u{308}\u{308}\u{308}\u{308}x", "", "👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦",
    String(repeating: "long ", count: 30), "tab\there", "\u{9B}31m", "\u{2028}\u{85}",
  ]
  static let backends = names.map { name in
    BackendDocument.example(name) {
      $0.models = ["llama3:8b", "qwen2.5-coder:32b-instruct-q4_K_M"]
      $0.addresses = [.of("fe80::1234:5678:9abc:def0%enp0s31f6")]
      $0.apiPath = "/v1"
      $0.expiresAt = FixedClock.time.advanced(by: .seconds(12))
      $0.status = .unknown
      $0.type = .openAICompatible
    }
  }

  @Test("no line is wider than the terminal, and each record has one", arguments: 1...130)
  func fits(width: Int) {
    let table = BackendTable.table(of: Self.backends, now: FixedClock.time)
    let lines = table.lines(width: width, styled: false)
    #expect(lines.count == Self.backends.count + 1)
    for line in lines {
      #expect(DisplayWidth.of(line) <= width)
      #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .control })
      #expect(!line.unicodeScalars.contains { $0.value == 0x202E || $0.value == 0x2066 })
    }
  }

  @Test("colour changes no width and is closed in each line", arguments: [20, 40, 80, 120])
  func styled(width: Int) {
    let table = BackendTable.table(of: Self.backends, now: FixedClock.time)
    let plain = table.lines(width: width, styled: false)
    let styled = table.lines(width: width, styled: true)
    for (plain, styled) in zip(plain, styled) {
      let bare = styled.replacing(/\u{1B}\[[0-9]*m/, with: "")
      #expect(bare == plain)
      #expect(styled.matches(of: /\u{1B}\[[1-9]+m/).count == styled.matches(of: /\u{1B}\[0m/).count)
    }
  }

  @Test("columns are aligned by what is seen, wherever nothing is cut")
  func aligned() throws {
    let lines = BackendTable.table(of: Self.backends, now: FixedClock.time)
      .lines(width: nil, styled: false)
    let column = try #require(lines[0].range(of: "TYPE")).lowerBound
    let start = DisplayWidth.of(lines[0][..<column])
    for line in lines.dropFirst() {
      let type = try #require(line.range(of: "openai-compatible")).lowerBound
      #expect(DisplayWidth.of(line[..<type]) == start)
    }
  }

  @Test("ten ordinary machines keep every column at 80")
  func ordinary() {
    let backends = (1...10).map { number in
      BackendDocument.example("gpu-box-\(number)") {
        $0.models = ["llama3:8b", "qwen2:7b"]
        $0.addresses = [.of("192.168.10.\(100 + number)")]
      }
    }
    let lines = BackendTable.table(of: backends, now: FixedClock.time)
      .lines(width: 80, styled: false)
    #expect(lines[0] == "NAME        TYPE    STATUS   URL                          SOURCE  MODELS")
    #expect(
      lines[1] == "gpu-box-1   ollama  healthy  http://192.168.10.101:11434  mdns    llama3:8b, qw…"
    )
  }

  @Test("an empty cell is shown as a hyphen, and no line ends in blanks")
  func empty() {
    let lines = BackendTable.table(of: [BackendDocument.example("")], now: FixedClock.time)
      .lines(width: 80, styled: false)
    #expect(lines[1].hasPrefix("-   "))
    #expect(lines.allSatisfy { !$0.hasSuffix(" ") })
  }

  @Test(
    "the status says what more there is to know",
    arguments: [
      (BackendStatus.healthy, nil, false, "healthy"),
      (.unknown, 48_000, false, "unknown, 48s left"),
      (.unhealthy, 1, false, "unhealthy, 1s left"), (.unknown, -5000, false, "unknown, 0s left"),
      (.healthy, nil, true, "healthy, stale"), (.unknown, 9000, true, "unknown, 9s left"),
    ] as [(BackendStatus, Int64?, Bool, String)])
  func status(status: BackendStatus, milliseconds: Int64?, isStale: Bool, text: String) {
    let backend = BackendDocument.example {
      $0.status = status
      $0.isStale = isStale
      $0.expiresAt = milliseconds.map { FixedClock.time.advanced(by: .milliseconds($0)) }
    }
    #expect(StatusText.of(backend, now: FixedClock.time) == text)
  }
}

@Suite("field lists")
struct FieldListTests {
  @Test("values are aligned, lists go on below, and nothing unknown is shown")
  func lines() {
    var fields = FieldList()
    fields.add("Name", "a\nb")
    fields.add("Addresses", ["10.0.0.5", "fe80::1%eth0"])
    fields.add("Version", nil)
    fields.add("Info", "")
    #expect(
      fields.lines(styled: false) == [
        "Name:       a\\nb", "Addresses:  10.0.0.5", "            fe80::1%eth0",
      ])
  }
}

@Suite("local time")
struct LocalTimeTests {
  @Test(
    "is told in the units that matter",
    arguments: [
      (0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"),
      (11_520, "3 h 12 min"), (86_400, "1 day"), (777_600, "9 days"),
    ] as [(Int64, String)])
  func rough(seconds: Int64, text: String) {
    #expect(LocalTime.rough(seconds) == text)
  }

  @Test("says how long ago, or how long until")
  func relative() {
    let now = FixedClock.time
    #expect(LocalTime.relative(now.advanced(by: .seconds(-180)), now: now) == "3 min ago")
    #expect(LocalTime.relative(now.advanced(by: .seconds(48)), now: now) == "in 48 s")
    #expect(LocalTime.relative(now, now: now) == "just now")
  }
}
