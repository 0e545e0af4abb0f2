import DiscoveryCore

/// A wall time as JSON has it: RFC 3339 in UTC with milliseconds, `2026-01-31T10:00:00.123Z`.
package struct Timestamp: Hashable, Sendable, CustomStringConvertible {
  package var time: WallTime

  package init(_ time: WallTime) {
    self.time = time
  }

  /// The 24-character form; years outside 0000 to 9999 are shown as the nearest of them.
  package var description: String {
    let earliest: Int64 = -62_167_219_200_000
    let latest: Int64 = 253_402_300_799_999
    let clamped = min(max(time.milliseconds, earliest), latest)
    let (days, inDay) = Self.floorDivide(clamped, by: 86_400_000)
    let (year, month, day) = Self.civil(fromDays: days)
    var text: [UInt8] = []
    text.reserveCapacity(24)
    func append(_ number: Int64, width: Int, then separator: Unicode.Scalar) {
      var divisor: Int64 = 1
      for _ in 1..<width { divisor *= 10 }
      while divisor > 0 {
        text.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
        divisor /= 10
      }
      text.append(UInt8(ascii: separator))
    }
    append(year, width: 4, then: "-")
    append(month, width: 2, then: "-")
    append(day, width: 2, then: "T")
    append(inDay / 3_600_000, width: 2, then: ":")
    append(inDay / 60_000 % 60, width: 2, then: ":")
    append(inDay / 1000 % 60, width: 2, then: ".")
    append(inDay % 1000, width: 3, then: "Z")
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads RFC 3339 with any number of fractional digits and any offset; nil for anything else.
  package init?(_ text: some StringProtocol) {
    var text = Digits(text)
    guard let year = text.number(4), text.skip("-"), let month = text.number(2), text.skip("-"),
      let day = text.number(2), text.skip("T"), let hour = text.number(2), text.skip(":"),
      let minute = text.number(2), text.skip(":"), let second = text.number(2),
      (1...12).contains(month), (1...Self.length(ofMonth: month, year: year)).contains(day),
      hour < 24, minute < 60, second <= 60
    else { return nil }
    var fraction: Int64 = 0
    if text.skip(".") {
      guard let thousandths = text.thousandths() else { return nil }
      fraction = thousandths
    }
    var offset: Int64 = 0
    if !text.skip("Z") {
      let isWest = text.skip("-")
      guard isWest || text.skip("+"), let hours = text.number(2), text.skip(":"),
        let minutes = text.number(2), hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 60 + minutes) * (isWest ? -1 : 1)
    }
    guard text.isAtEnd else { return nil }
    let minutes = (Self.days(fromYear: year, month: month, day: day) * 24 + hour) * 60 + minute
    time = WallTime(milliseconds: ((minutes - offset) * 60 + second) * 1000 + fraction)
  }
}

/// Takes a time's text apart.
private struct Digits {
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: some StringProtocol) {
    bytes = Array(text.utf8)
  }

  var isAtEnd: Bool { position == bytes.count }

  /// The value of the digit that is next; nil where none is.
  private mutating func digit() -> Int64? {
    guard !isAtEnd, Ascii.digits.contains(bytes[position]) else { return nil }
    position += 1
    return Int64(bytes[position - 1] - UInt8(ascii: "0"))
  }

  /// A number of that many digits.
  mutating func number(_ width: Int) -> Int64? {
    var number: Int64 = 0
    for _ in 0..<width {
      guard let digit = digit() else { return nil }
      number = number * 10 + digit
    }
    return number
  }

  /// The thousandths of a fraction of one digit or more.
  mutating func thousandths() -> Int64? {
    guard let tenths = digit() else { return nil }
    let thousandths = tenths * 100 + (digit() ?? 0) * 10 + (digit() ?? 0)
    while digit() != nil {}
    return thousandths
  }

  /// True where `letter` is next, in either case, which is behind it then.
  mutating func skip(_ letter: Unicode.Scalar) -> Bool {
    guard !isAtEnd, Ascii.lowercased(bytes[position]) == Ascii.lowercased(UInt8(ascii: letter))
    else { return false }
    position += 1
    return true
  }
}

// MARK: - The calendar

extension Timestamp {
  private static func floorDivide(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  /// The proleptic Gregorian date of a number of days since 1970-01-01. Years are counted from
  /// March, so that a leap day is the last one of its year, in eras of 400 years (146,097 days).
  private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = floorDivide(days + 719_468, by: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let fromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * fromMarch + 2) / 5 + 1
    let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  /// The inverse of `civil(fromDays:)`.
  private static func days(fromYear year: Int64, month: Int64, day: Int64) -> Int64 {
    let (era, yearOfEra) = floorDivide(month <= 2 ? year - 1 : year, by: 400)
    let fromMarch = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * fromMarch + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private static func length(ofMonth month: Int64, year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

extension Timestamp: Encodable {
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension JSON {
  package func time(_ key: String) throws(JSONMismatch) -> Timestamp {
    guard let time = Timestamp(try text(key)) else { throw Self.mismatch(key, "an RFC 3339 time") }
    return time
  }

  package func optionalTime(_ key: String) throws(JSONMismatch) -> Timestamp? {
    optional(key) == nil ? nil : try time(key)
  }
}
