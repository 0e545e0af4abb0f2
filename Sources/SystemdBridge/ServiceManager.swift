import CSystemd
import DiscoveryCore
import Glibc

/// What the service manager is told about this process (sd_notify(3)), and what it asks for.
///
/// Where none waits for it (no NOTIFY_SOCKET), each call does nothing and succeeds.
package enum ServiceManager {
  /// How many characters of a status are sent; with four bytes each, as many as the manager reads.
  private static let statusLimit = 900

  /// Start-up, or a reload, is finished; `status` is what `systemctl status` shows from now on.
  package static func ready(status: String) throws(SystemdFailure) {
    try notify("READY=1\nSTATUS=\(line(status))")
  }

  /// Replaces the line that `systemctl status` shows.
  package static func status(_ status: String) throws(SystemdFailure) {
    try notify("STATUS=\(line(status))")
  }

  /// The configuration is being read again; `ready` ends it. The time on the monotonic clock lets
  /// the manager tell this reload from an earlier one (systemd.service(5), `notify-reload`).
  package static func reloading() throws(SystemdFailure) {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    let microseconds = Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
    try notify("RELOADING=1\nMONOTONIC_USEC=\(microseconds)")
  }

  /// The process is on its way out.
  package static func stopping() throws(SystemdFailure) {
    try notify("STOPPING=1")
  }

  /// The longest time that may pass between two signs of life before the manager ends this process
  /// (sd_watchdog_enabled(3)); half of it is a good pace. Nil when none are wanted.
  package static var watchdogInterval: Duration? {
    var microseconds: UInt64 = 0
    guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
    return .microseconds(Int64(clamping: microseconds))
  }

  /// A sign of life.
  package static func keepAlive() throws(SystemdFailure) {
    try notify("WATCHDOG=1")
  }

  /// `text` as the value of one assignment: a line break would begin another one, and a NUL would
  /// end the message. Control characters become spaces.
  package static func line(_ text: String) -> String {
    var line = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(statusLimit) {
      line.append(scalar.properties.generalCategory == .control ? " " : scalar)
    }
    return String(line)
  }

  private static func notify(_ assignments: String) throws(SystemdFailure) {
    let code = sd_notify(0, assignments)
    guard code >= 0 else { throw SystemdFailure(operation: "sd_notify", code: -code) }
  }
}
