import DiscoveryCore
import Glibc

/// Times as people read them: on the local clock, and how long ago.
package enum LocalTime {
  /// `14:03:22`.
  package static func clock(_ time: WallTime) -> String { formatted(time, "%H:%M:%S") }

  /// `2026-01-31 14:03:22`.
  package static func date(_ time: WallTime) -> String { formatted(time, "%Y-%m-%d %H:%M:%S") }

  /// `3 min ago`, or `in 48 s` for what lies ahead.
  package static func relative(_ time: WallTime, now: WallTime) -> String {
    let seconds = (now.milliseconds - time.milliseconds) / 1000
    if seconds == 0 { return "just now" }
    return seconds > 0 ? "\(rough(seconds)) ago" : "in \(rough(-seconds))"
  }

  /// Both: `2026-01-31 14:03:22 (3 min ago)`.
  package static func full(_ time: WallTime, now: WallTime) -> String {
    "\(date(time)) (\(relative(time, now: now)))"
  }

  /// `48 s`, `3 min`, `2 h 5 min`, `9 days`: two units at most, none that says nothing.
  package static func rough(_ seconds: Int64) -> String {
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3600: return "\(seconds / 60) min"
    case ..<86_400:
      let minutes = seconds / 60 % 60
      return "\(seconds / 3600) h" + (minutes > 0 ? " \(minutes) min" : "")
    default:
      let days = seconds / 86_400
      return days == 1 ? "1 day" : "\(days) days"
    }
  }

  private static func formatted(_ time: WallTime, _ format: String) -> String {
    var seconds = time_t(time.milliseconds / 1000)
    var fields = tm()
    guard localtime_r(&seconds, &fields) != nil else { return "?" }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      guard let start = buffer.baseAddress else { return "?" }
      return strftime(start, buffer.count, format, &fields) > 0 ? String(cString: start) : "?"
    }
  }
}
