import APIModel
import DiscoveryCore

/// The lines of `announce`.
package struct AnnounceLines: Sendable {
  /// How lines look.
  package enum Form: Hashable, Sendable {
    /// JSON Lines: `{"event":"announced","instance":"gpu-box",…}`.
    case json
    case text
  }

  private static let eventWidth = 11

  private let service: AnnouncedService
  private let form: Form

  package init(service: AnnouncedService, form: Form) {
    self.service = service
    self.form = form
  }

  /// The line for an event, without its line feed.
  package func line(for event: PublisherEvent, now: WallTime) -> String {
    switch form {
    case .text: PlainText.cleaned(text(event, now: now))
    case .json: json(Document(event, of: service, now: now))
    }
  }

  private func text(_ event: PublisherEvent, now: WallTime) -> String {
    let rest =
      switch event {
      case .announced(let service, let instance, let host):
        "\"\(instance)\" on host \(host), \(service.type), port \(service.port)"
          + alternative(instance, host)
      case .withdrawn(_, let instance, let reason): "\"\(instance)\": \(reason)"
      case .refused(let id, let reason): "\"\(id.name)\": \(reason)"
      case .up: "avahi-daemon publishes"
      case .down(let reason): "\(reason); waiting"
      }
    let word = event.word
    let gap = String(repeating: " ", count: max(0, Self.eventWidth - word.count) + 2)
    return "\(LocalTime.clock(now))  \(word)\(gap)\(rest)"
  }

  /// That the name is not the one that was asked for; empty where it is.
  private func alternative(_ instance: String, _ host: String) -> String {
    let wanted = service.instanceName(onHost: host)
    return instance == wanted ? "" : " (another has the name \"\(wanted)\")"
  }

  private func json(_ document: Document) -> String {
    // A document of strings and numbers can always be encoded.
    (try? JSONText.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  /// An event as JSON has it; what does not apply to it is not there.
  private struct Document: Encodable {
    let event: String
    let time: Timestamp
    /// As it was asked for.
    var name: String?
    var type: String?
    var port: UInt16?
    /// The name that it really has.
    var instance: String?
    var host: String?
    var reason: String?

    init(_ event: PublisherEvent, of service: AnnouncedService, now: WallTime) {
      self.event = event.word
      time = Timestamp(now)
      switch event {
      case .up: return
      case .down(let reason):
        self.reason = reason
        return
      case .announced(_, let instance, let host):
        self.instance = instance
        self.host = host
      case .withdrawn(_, let instance, let reason):
        self.instance = instance
        self.reason = reason
      case .refused(_, let reason):
        self.reason = reason
      }
      name = service.name
      type = service.type.name
      port = service.port
    }
  }
}

extension PublisherEvent {
  fileprivate var word: String {
    switch self {
    case .announced: "announced"
    case .withdrawn: "withdrawn"
    case .refused: "refused"
    case .up: "up"
    case .down: "down"
    }
  }
}
