import DiscoveryCore

/// A wall time on the calendar (proleptic Gregorian), as log lines show it.
package struct LogTimestamp: Sendable {
  private let date: String
  private let time: String

  /// `wall`, moved by the time zone's offset from UTC in seconds.
  package init(_ wall: WallTime, utcOffset: Int = 0) {
    let milliseconds = wall.milliseconds + Int64(utcOffset) * 1000
    let (days, inDay) = Self.divided(milliseconds, by: 86_400_000)
    // Days are counted from 0000-03-01 in eras of 400 years, so that leap days come last.
    let (era, dayOfEra) = Self.divided(days + 719_468, by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    date = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
    let hour = Self.padded(inDay / 3_600_000, 2)
    let minute = Self.padded(inDay / 60_000 % 60, 2)
    let second = Self.padded(inDay / 1000 % 60, 2)
    time = "\(hour):\(minute):\(second).\(Self.padded(inDay % 1000, 3))"
  }

  /// `2026-01-31T10:00:00.123Z` (RFC 3339), when it was made without an offset.
  package var rfc3339: String { "\(date)T\(time)Z" }

  /// `2026-01-31 11:00:00.123`.
  package var local: String { "\(date) \(time)" }

  /// Quotient and remainder, the remainder never negative.
  private static func divided(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
    let remainder = (value % divisor + divisor) % divisor
    return ((value - remainder) / divisor, remainder)
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = "\(value)"
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
