import ConsoleBridge
import Testing

@Suite("getopt")
struct GetoptTests {
  static let options = [
    Getopt.Option(name: "type", takesValue: true),
    Getopt.Option(name: "timeout", letter: "t", takesValue: true),
    Getopt.Option(name: "json", letter: "j", takesValue: false),
  ]

  private func scan(_ arguments: String..., stopsAtOperand: Bool = false) -> Getopt.Scan {
    Getopt.scan(arguments, options: Self.options, stopsAtOperand: stopsAtOperand)
  }

  @Test("options stand before, between and after operands")
  func mixed() {
    let scan = scan("--type", "a", "one", "--json", "two", "--type=b")
    #expect(
      scan.given == [
        .init(option: 0, value: "a"), .init(option: 2, value: nil), .init(option: 0, value: "b"),
      ])
    #expect(scan.operands == ["one", "two"])
    #expect(scan.problem == nil)
  }

  @Test("letters may be joined with each other and with a value")
  func letters() {
    #expect(
      scan("-jt5").given == [.init(option: 2, value: nil), .init(option: 1, value: "5")])
    #expect(scan("-t", "5").given == [.init(option: 1, value: "5")])
  }

  @Test("abbreviations fit as long as only one option begins so")
  func abbreviations() {
    #expect(scan("--js").given == [.init(option: 2, value: nil)])
    #expect(scan("--t=1").problem == .ambiguous("--t", [0, 1]))
    #expect(scan("--type=1").problem == nil)
  }

  @Test("-- ends the options")
  func end() {
    let scan = scan("--json", "--", "--type", "-x")
    #expect(scan.given == [.init(option: 2, value: nil)])
    #expect(scan.operands == ["--type", "-x"])
  }

  @Test("a scan can stop at the first operand")
  func stops() {
    let scan = scan("-j", "list", "--type", "--what", stopsAtOperand: true)
    #expect(scan.given == [.init(option: 2, value: nil)])
    #expect(scan.operands == ["list", "--type", "--what"])
  }

  @Test("a problem ends the scan and is told apart")
  func problems() {
    #expect(scan("--json", "--typo", "--type").problem == .unknown("--typo"))
    #expect(scan("--typo=3").problem == .unknown("--typo"))
    #expect(scan("--json", "-xj").problem == .unknown("-x"))
    #expect(scan("-jx").problem == .unknown("-x"))
    #expect(scan("a", "-ö").problem == .unknown("-ö"))
    #expect(scan("--type").problem == .missingValue(option: 0))
    #expect(scan("-t").problem == .missingValue(option: 1))
    #expect(scan("--json=1").problem == .unwantedValue(option: 2))
    #expect(scan("--json", "--typo").given == [.init(option: 2, value: nil)])
  }

  @Test("values are taken as they are")
  func values() {
    #expect(scan("--type=").given == [.init(option: 0, value: "")])
    #expect(scan("--type=a=b").given == [.init(option: 0, value: "a=b")])
    #expect(scan("--type", "größe 😀").given == [.init(option: 0, value: "größe 😀")])
    #expect(scan("--type", "--json").given == [.init(option: 0, value: "--json")])
    #expect(scan("-", "").operands == ["-", ""])
    #expect(scan().given.isEmpty && scan().operands.isEmpty && scan().problem == nil)
  }
}
