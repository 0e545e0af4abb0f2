import APIModel
import DiscoveryCore

/// The time as HTTP's headers have it (IMF-fixdate, RFC 9110 §5.6.7), made once a second.
package struct HTTPDate: Sendable {
  private var second: Int64 = .min
  private var text = ""

  package init() {}

  /// `Sat, 31 Jan 2026 10:00:00 GMT`.
  package mutating func text(at time: WallTime) -> String {
    let now = time.milliseconds / 1000
    guard now != second else { return text }
    second = now
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let parts = Timestamp(time).description.split { "-T.".contains($0) }
    let days = (now >= 0 ? now : now - 86_399) / 86_400
    let weekday = weekdays[Int((days % 7 + 7) % 7)]
    let month = months[((Int(parts[1]) ?? 1) - 1) % 12]
    text = "\(weekday), \(parts[2]) \(month) \(parts[0]) \(parts[3]) GMT"
    return text
  }
}
