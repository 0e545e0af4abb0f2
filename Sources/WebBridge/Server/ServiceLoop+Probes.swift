import DiscoveryCore
import Glibc

extension ServiceLoop {
  /// Makes room for probes.
  func openProbes() throws(WebServerError) {
    let pool = try ProbePool(
      clock: setup.clock, userAgent: "nexus-discovery/\(setup.identity.version)")
    guard ServiceCallbacks.adopt(probes: pool.descriptor, by: host) != nil else {
      close(pool.descriptor)
      throw .library(operation: "probes", text: LibraryLog.takeLast() ?? "no reason given")
    }
    probes = pool
    model.runningChecks = { pool.count }
  }

  /// Starts and ends probes as others want it.
  func takeProbes(_ orders: [ProbeOrder]) {
    probes?.take(orders)
    watchProbes()
  }

  /// Probes have events.
  func serveProbes() {
    probes?.serve()
    watchProbes()
  }

  /// Ends the probes that have waited long enough.
  func expireProbes(at now: Moment) {
    probes?.expire(at: now)
    if let deadline = probes?.nextDeadline { setAlarm(deadline, at: now) }
  }

  /// Sees to it that the next deadline is noticed.
  private func watchProbes() {
    if let deadline = probes?.nextDeadline {
      setAlarm(deadline, at: setup.clock.now())
    } else {
      cancelAlarmIfIdle()
    }
  }
}
