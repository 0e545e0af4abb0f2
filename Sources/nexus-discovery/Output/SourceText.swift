import APIModel
import DiscoveryCore

/// How a source is, in a few words.
package enum SourceText {
  /// `mdns: down since 2026-01-31 14:03:22 (12 s ago): avahi-daemon is not running; reconnected once`.
  package static func of(_ source: SourceDocument, now: WallTime) -> String {
    let isUp = source.state == SourceStatus.State.up.rawValue
    var text = "\(source.state) since \(LocalTime.full(source.since.time, now: now))"
    if let error = source.lastError { text += isUp ? "; last error: \(error)" : ": \(error)" }
    switch source.reconnects {
    case 0: break
    case 1: text += "; reconnected once"
    default: text += "; reconnected \(source.reconnects) times"
    }
    return "\(source.source): \(text)"
  }
}
