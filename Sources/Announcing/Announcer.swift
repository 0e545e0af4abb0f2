import DiscoveryCore
import HealthChecks

/// Decides which servers of this machine are announced: what the configuration names and what is found
/// on the usual ports, each only while it answers as it should and other machines reach it.
///
/// It asks nothing itself: whoever runs it carries the looks out and hands the verdicts back.
package struct Announcer: Sendable {
  package struct Settings: Hashable, Sendable {
    package var announce: AnnounceSettings
    /// From one look to the next.
    package var interval: Duration
    package var timeout: Duration
    /// After so many bad answers in a row a server is withdrawn; where nothing listens, at once.
    package var failureThreshold: Int

    package init(_ configuration: Configuration) {
      announce = configuration.announce
      interval = configuration.healthCheck.interval
      timeout = configuration.healthCheck.timeout
      failureThreshold = configuration.healthCheck.failureThreshold
    }
  }

  /// What is looked at: a configured service's port, or one where some kind of server usually is.
  package enum Subject: Hashable, Sendable {
    case configured(AnnouncedService.ID)
    case usualPort(UInt16)
  }

  /// A look to carry out.
  package struct Look: Hashable, Sendable {
    package let subject: Subject
    package let probe: LocalProbe
    let number: UInt64
    let startedAt: Uptime
  }

  private var settings: Settings
  private var watches: [Subject: PortWatch] = [:]
  private var order: [Subject] = []
  private var lastNumber: UInt64 = 0
  /// Without a network there is nobody to announce to, and no address to be asked at.
  package private(set) var hasNetwork = false

  package init(settings: Settings, at now: Uptime) {
    self.settings = settings
    arrange(at: now)
  }

  // MARK: - Inputs

  /// Puts other settings in force: what is new is looked at at once, what stays keeps its standing.
  package mutating func update(settings: Settings, at now: Uptime) {
    let onAir = services
    self.settings = settings
    arrange(at: now, onAir: onAir)
  }

  /// This machine's addresses changed: who answers at the new ones is to be seen at once.
  package mutating func networkChanged(hasAddresses: Bool, at now: Uptime) {
    hasNetwork = hasAddresses
    for subject in order {
      watches[subject]?.due = now
      // What is looked at under the old addresses says nothing of the new ones.
      watches[subject]?.look = nil
    }
  }

  /// The looks that are due; each is to be answered with `finished`.
  package mutating func takeDue(at now: Uptime) -> [Look] {
    guard hasNetwork else { return [] }
    var looks: [Look] = []
    for subject in order {
      guard var watch = watches[subject], watch.look == nil, watch.due <= now else { continue }
      lastNumber += 1
      let look = Look(
        subject: subject,
        probe: LocalProbe(
          port: watch.port, claim: watch.claim,
          depth: watch.depth(at: now) { isWanted($0, of: subject) }, timeout: settings.timeout),
        number: lastNumber, startedAt: now)
      watch.look = lastNumber
      watch.due = now.advanced(by: settings.interval)
      watches[subject] = watch
      looks.append(look)
    }
    return looks
  }

  /// Takes what a look came to; returns a warning for the log where a person should know.
  package mutating func finished(_ look: Look, _ verdict: LocalVerdict) -> String? {
    guard var watch = watches[look.subject], watch.look == look.number else { return nil }
    watch.look = nil
    let wasOpen = watch.hasWarned
    watch.take(verdict, of: look, threshold: settings.failureThreshold)
    var warning: String?
    if let type = watch.loopbackType, isWanted(type, of: look.subject) {
      warning = wasOpen ? nil : LoopbackAdvice.text(type: type, port: watch.port)
      watch.hasWarned = true
    } else if watch.isOnAir {
      watch.hasWarned = false
    }
    watches[look.subject] = watch
    return warning
  }

  // MARK: - Outputs

  /// When the next look is due; nil when none ever is.
  package var nextDeadline: Uptime? {
    guard hasNetwork else { return nil }
    return watches.values.filter { $0.look == nil }.map(\.due).min()
  }

  /// What is to be on the air now: the configured services first, in the file's order.
  package var services: [AnnouncedService] {
    guard settings.announce.enabled else { return [] }
    return settings.announce.services
      .filter { $0.when == .always || watches[.configured($0.service.id)]?.isOnAir == true }
      .map(\.service) + foundServices
  }

  /// What is not on the air though it is configured, or found where only this machine reaches it; and why.
  package var absences: [(service: AnnouncedService, reason: String)] {
    guard settings.announce.enabled else { return [] }
    let configured = settings.announce.services.compactMap { entry in
      watches[.configured(entry.service.id)].flatMap { watch in
        watch.isOnAir
          ? nil : (entry.service, hasNetwork ? watch.reason : "this machine has no network")
      }
    }
    let onLoopback = order.compactMap { subject -> (AnnouncedService, String)? in
      guard case .usualPort(let port) = subject, let watch = watches[subject],
        let type = watch.loopbackType, isWanted(type, of: subject),
        let service = found(type, findings: Findings(type: type), port: port)
      else { return nil }
      return (service, watch.reason)
    }
    return configured + onLoopback
  }

  private var foundServices: [AnnouncedService] {
    order.compactMap { subject in
      guard case .usualPort(let port) = subject, let watch = watches[subject], watch.isOnAir,
        let findings = watch.findings, let type = findings.type, isWanted(type, of: subject)
      else { return nil }
      return found(type, findings: findings, port: port)
    }
  }

  /// A server that was found, under a name that no configured service has.
  private func found(
    _ type: BackendType, findings: Findings, port: UInt16
  ) -> AnnouncedService? {
    let taken = Set(settings.announce.services.map(\.service.id))
    return FoundService.service(type, findings: findings, port: port) { taken.contains($0) }
  }

  private func isWanted(_ type: BackendType, of subject: Subject) -> Bool {
    switch subject {
    case .configured: true
    case .usualPort: settings.announce.auto.contains(type)
    }
  }

  // MARK: - What is watched

  /// Makes the list of what is looked at; a port that a configured service has is that service's.
  /// `onAir`: what is announced already, which stays so until it is looked at anew.
  private mutating func arrange(at now: Uptime, onAir: [AnnouncedService] = []) {
    let former = watches
    order = []
    watches = [:]
    guard settings.announce.enabled else { return }
    func watch(_ subject: Subject, _ new: PortWatch) {
      var watch = former[subject].flatMap { $0.isSame(as: new) ? $0 : nil } ?? new
      watch.due = min(watch.due, now.advanced(by: settings.interval))
      order.append(subject)
      watches[subject] = watch
    }
    for entry in settings.announce.services where entry.when == .healthy {
      let service = entry.service
      let claim = ParsedService(txt: service.txt, serviceType: service.type).type
      let isOnAir = onAir.contains { $0.id == service.id && $0.port == service.port }
      watch(
        .configured(service.id),
        PortWatch(port: service.port, claim: claim, due: now, isOnAir: isOnAir))
    }
    let taken = settings.announce.services.map(\.service).filter(\.type.isTCP).map(\.port)
    var ports = Set(taken)
    for port in settings.announce.auto.compactMap(\.defaultPort) where ports.insert(port).inserted {
      watch(.usualPort(port), PortWatch(port: port, claim: .unknown, due: now))
    }
  }
}
