import DiscoveryCore

/// What a value must be, and how it is read: nil is returned once its problems are reported.
struct ValueKind<Value> {
  let read: (_ value: TomlValue, _ place: ValuePlace) -> Value?
}

/// Whose value is read, and who hears of its problems.
struct ValuePlace {
  /// As it stands in messages: `"port" in [server]`.
  let name: String
  let problems: ProblemList

  func wrongType(_ value: TomlValue, mustBe expected: String) {
    problems.error(
      at: value.position, "\(name) must be \(expected), but is \(value.kindName)",
      hint: Self.hint(value, mustBe: expected))
  }

  func error(at value: TomlValue, _ message: String, hint: String? = nil) {
    problems.error(at: value.position, message, hint: hint)
  }

  func warning(at value: TomlValue, _ message: String) {
    problems.warning(at: value.position, message)
  }

  /// Quotes around what is no text are the commonest slip, and the lack of brackets the next.
  private static func hint(_ value: TomlValue, mustBe expected: String) -> String? {
    guard case .string(let text) = value.content else { return nil }
    if expected.hasPrefix("an array") { return "write it in brackets" }
    let isNumber = Double(text) != nil && expected != "a boolean"
    let isBoolean = (text == "true" || text == "false") && expected == "a boolean"
    return isNumber || isBoolean ? "write it without quotes" : nil
  }
}

extension ValueKind where Value == Bool {
  static var boolean: Self {
    Self { value, place in
      if case .boolean(let flag) = value.content { return flag }
      place.wrongType(value, mustBe: "a boolean")
      return nil
    }
  }
}

extension ValueKind where Value == Int {
  static func integer(_ range: ClosedRange<Int>) -> Self {
    Self { value, place in
      guard case .integer(let number) = value.content else {
        place.wrongType(value, mustBe: "an integer")
        return nil
      }
      if let number = Int(exactly: number), range.contains(number) { return number }
      place.error(
        at: value,
        "\(place.name) must be \(range.lowerBound) to \(range.upperBound), but is \(number)")
      return nil
    }
  }
}

extension ValueKind where Value == Duration {
  /// Seconds, also fractions of them; zero too where `orZero` says so.
  static func seconds(_ range: ClosedRange<Int>, orZero: Bool = false) -> Self {
    Self { value, place in
      let seconds: Double
      switch value.content {
      case .integer(let number): seconds = Double(number)
      case .float(let number): seconds = number
      default:
        place.wrongType(value, mustBe: "a number of seconds")
        return nil
      }
      let isInRange = Double(range.lowerBound) <= seconds && seconds <= Double(range.upperBound)
      guard isInRange || orZero && seconds == 0 else {
        let shown =
          if case .integer(let number) = value.content { "\(number)" } else { "\(seconds)" }
        place.error(
          at: value,
          "\(place.name) must be \(orZero ? "0 or " : "")\(range.lowerBound) to"
            + " \(range.upperBound) seconds, but is \(shown)")
        return nil
      }
      return .nanoseconds(Int64((seconds * 1e9).rounded()))
    }
  }
}

extension ValueKind {
  /// A string that `check` makes a value of; it throws why not.
  static func text(_ check: @escaping (String) throws(TextProblem) -> Value) -> Self {
    Self { value, place in
      guard case .string(let text) = value.content else {
        place.wrongType(value, mustBe: "a string")
        return nil
      }
      do throws(TextProblem) {
        return try check(text)
      } catch {
        place.error(at: value, error.message(at: place.name), hint: error.hint)
        return nil
      }
    }
  }

  /// An array of strings, each checked by `element`; the same value again is dropped with a warning.
  static func list<Element: Hashable>(
    of element: ValueKind<Element>, mayBeEmpty: Bool = true
  ) -> Self where Value == [Element] {
    Self { value, place in
      guard case .array(let items) = value.content else {
        place.wrongType(value, mustBe: "an array of strings")
        return nil
      }
      guard mayBeEmpty || !items.isEmpty else {
        place.error(at: value, "\(place.name) must not be empty")
        return nil
      }
      let inside = ValuePlace(name: "each of \(place.name)", problems: place.problems)
      var elements: [Element] = []
      var seen: Set<Element> = []
      for item in items {
        guard let read = element.read(item, inside) else { continue }
        if seen.insert(read).inserted {
          elements.append(read)
        } else {
          place.warning(at: item, "\(place.name) names \"\(read)\" more than once")
        }
      }
      return elements
    }
  }
}

extension ValueKind
where Value: RawRepresentable, Value.RawValue == String, Value: CaseIterable {
  /// One of the names of `Value`.
  static var choice: Self {
    .text { text throws(TextProblem) in
      if let value = Value(rawValue: text) { return value }
      throw .notOneOf(Value.allCases.map(\.rawValue), text)
    }
  }
}
