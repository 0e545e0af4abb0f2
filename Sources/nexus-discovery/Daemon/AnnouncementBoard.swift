import APIModel
import DiscoveryCore

/// What became of each announcement, from what the publisher tells.
struct AnnouncementBoard {
  private var instances: [AnnouncedService.ID: String] = [:]
  private var refusals: [AnnouncedService.ID: String] = [:]
  /// Why nothing can be published for now.
  private var outage: String?
  private var told: [AnnouncementDocument] = []

  mutating func take(_ event: PublisherEvent) {
    switch event {
    case .announced(let service, let instance, _):
      instances[service.id] = instance
      refusals[service.id] = nil
    case .withdrawn(let id, _, _): instances[id] = nil
    case .refused(let id, let reason): refusals[id] = reason
    case .up: outage = nil
    case .down(let reason):
      outage = reason
      refusals = [:]
    }
  }

  /// All announcements as they are now; nil when nothing changed since they were asked for last.
  mutating func documents(
    wanted: [AnnouncedService], withheld: [(service: AnnouncedService, reason: String)],
    hasNetwork: Bool = true
  ) -> [AnnouncementDocument]? {
    let ids = Set(wanted.map(\.id))
    refusals = refusals.filter { ids.contains($0.key) }
    let outage = hasNetwork ? outage : "this machine has no network"
    let documents =
      wanted.map { service in
        if hasNetwork, let instance = instances[service.id] {
          return AnnouncementDocument(service, .announced, instance: instance)
        }
        let reason = outage ?? refusals[service.id] ?? "its name is being claimed"
        return AnnouncementDocument(service, .pending, reason: reason)
      } + withheld.map { AnnouncementDocument($0.service, .withheld, reason: $0.reason) }
    guard documents != told else { return nil }
    told = documents
    return documents
  }
}
