import CConsole
import Glibc
import Synchronization

/// getopt_long(3) as a function from arguments to values.
package enum Getopt {
  /// One option that is understood.
  package struct Option: Hashable, Sendable {
    package let name: String
    /// Its one-letter form, an ASCII letter or digit; nil where it has none.
    package let letter: Character?
    package let takesValue: Bool

    package init(name: String, letter: Character? = nil, takesValue: Bool) {
      self.name = name
      self.letter = letter
      self.takesValue = takesValue
    }
  }

  /// An option as it was given: its index among those understood, and its value.
  package struct Given: Hashable, Sendable {
    package let option: Int
    package let value: String?

    package init(option: Int, value: String?) {
      self.option = option
      self.value = value
    }
  }

  /// Why a scan ended early.
  package enum Problem: Error, Hashable, Sendable {
    /// Nothing is called so; with its hyphens, without a value.
    case unknown(String)
    /// The abbreviation fits several options (their indexes).
    case ambiguous(String, [Int])
    case missingValue(option: Int)
    /// A value was joined with "=" to an option that takes none.
    case unwantedValue(option: Int)
  }

  /// What was found, in order; `problem` is what ended it early, if anything did.
  package struct Scan: Hashable, Sendable {
    package var given: [Given] = []
    package var operands: [String] = []
    package var problem: Problem?
  }

  /// getopt keeps its state in global variables: one scan at a time.
  private static let turn = Mutex(())

  /// Reads `arguments`, which begin after the name of the program or command.
  ///
  /// - Parameter stopsAtOperand: True to leave all from the first operand on unread, as a tool with
  ///   commands must; else options and operands may be mixed.
  package static func scan(
    _ arguments: [String], options: [Option], stopsAtOperand: Bool = false
  ) -> Scan {
    turn.withLock { _ in
      // getopt permutes the array that it is given; the strings are freed from another.
      let strings = ([""] + arguments).map { strdup($0) }
      let names = options.map { strdup($0.name) }
      defer { for text in strings + names { free(text) } }
      var argv = strings + [nil]
      var table = zip(options.indices, names).map { index, name in
        option(
          name: name, has_arg: options[index].takesValue ? required_argument : no_argument,
          flag: nil, val: Int32(firstValue + index))
      }
      table.append(option(name: nil, has_arg: 0, flag: nil, val: 0))
      return run(
        &argv, count: Int32(strings.count), table: &table, options: options,
        letters: letters(of: options, stopsAtOperand: stopsAtOperand))
    }
  }

  /// Long options answer with their index from here on, past every letter.
  private static let firstValue = 256

  /// getopt's short options: "+" stops at the first operand, ":" tells a missing value apart.
  private static func letters(of options: [Option], stopsAtOperand: Bool) -> String {
    options.reduce(into: stopsAtOperand ? "+:" : ":") { text, option in
      guard let letter = option.letter else { return }
      text.append(letter)
      if option.takesValue { text.append(":") }
    }
  }

  private static func run(
    _ argv: inout [UnsafeMutablePointer<CChar>?], count: Int32, table: inout [option],
    options: [Option], letters: String
  ) -> Scan {
    var scan = Scan()
    cconsole_getopt_reset()
    while scan.problem == nil {
      let answer = getopt_long(count, &argv, letters, &table, nil)
      if answer == -1 { break }
      if let index = index(of: answer, in: options) {
        let value = cconsole_getopt_argument().map { String(cString: $0) }
        scan.given.append(Given(option: index, value: options[index].takesValue ? value : nil))
      } else {
        // A word of letters is left behind only with its last letter.
        let next = Int(cconsole_getopt_index())
        let words = argv[(next - 1)...next].map { $0.map { String(cString: $0) } ?? "" }
        scan.problem = problem(
          answer, in: words, code: cconsole_getopt_option(), options: options)
      }
    }
    scan.operands = argv[Int(cconsole_getopt_index())..<Int(count)].compactMap { pointer in
      pointer.map { String(cString: $0) }
    }
    return scan
  }

  /// The option that getopt's `code` stands for: a letter, or an index past them.
  private static func index(of code: Int32, in options: [Option]) -> Int? {
    if code >= Int32(firstValue) { return Int(code) - firstValue }
    let letter = UInt8(exactly: code).map { Character(Unicode.Scalar($0)) }
    return options.firstIndex { $0.letter == letter && letter != nil }
  }

  /// What getopt's answer "?" or ":" means; `words` are the argument that it left behind last and
  /// the one where it stands.
  private static func problem(
    _ answer: Int32, in words: [String], code: Int32, options: [Option]
  ) -> Problem {
    let known = index(of: code, in: options)
    if answer == Int32(UInt8(ascii: ":")), let known { return .missingValue(option: known) }
    if let known { return .unwantedValue(option: known) }
    if code != 0 {
      if let letter = Int8(exactly: code), letter > 0 {
        return .unknown("-\(Character(Unicode.Scalar(UInt8(letter))))")
      }
      // A letter outside ASCII comes in bytes, and as a negative number where char has a sign.
      let word = words.last { $0.hasPrefix("-") && !$0.utf8.allSatisfy { $0 < 0x80 } }
      return .unknown(word ?? "-?")
    }
    let typed = String((words.first ?? "").prefix { $0 != "=" })
    let fitting = options.indices.filter { options[$0].name.hasPrefix(typed.dropFirst(2)) }
    return fitting.count > 1 ? .ambiguous(typed, Array(fitting)) : .unknown(typed)
  }
}
