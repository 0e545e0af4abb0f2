/// `[announce]`: which servers of this machine are announced to the network.
package struct AnnounceSettings: Hashable, Sendable {
  package var enabled = true
  /// The kinds of server to find on this machine and announce; of `BackendType.findable`.
  package var auto: [BackendType] = []
  /// `[[announce.services]]`, in the file's order; no two have the same id.
  package var services: [Service] = []

  /// When a configured service is on the air.
  package enum Condition: String, CaseIterable, Hashable, Sendable {
    /// Only while its port answers as its type does.
    case healthy
    /// As long as the daemon runs.
    case always
  }

  package struct Service: Hashable, Sendable {
    package var service: AnnouncedService
    package var when: Condition

    package init(_ service: AnnouncedService, when: Condition = .healthy) {
      self.service = service
      self.when = when
    }
  }

  package init() {}
}

extension BackendType {
  /// What can be found on this machine without being told where: each has a port of its own by
  /// default, and answers that tell it from the others.
  package static let findable: [BackendType] = [
    .ollama, .vllm, .llamacpp, .lmstudio, .localai, .sglang, .koboldcpp, .exo,
  ]

  /// Where it listens unless it is told otherwise; nil for what has no such port.
  package var defaultPort: UInt16? {
    switch self {
    case .ollama: 11434
    case .vllm: 8000
    case .llamacpp, .localai: 8080
    case .lmstudio: 1234
    case .sglang: 30000
    case .koboldcpp: 5001
    case .exo: 52415
    case .tabbyapi: 5000
    case .lmserv, .openAICompatible, .unknown: nil
    }
  }

  /// The service type that it is announced under: its own, or the general `_llm._tcp`.
  package var serviceType: ServiceType? {
    let name =
      switch self {
      case .ollama: "_ollama._tcp"
      case .exo: "_exo._tcp"
      case .lmserv: "_lmserv._tcp"
      default: "_llm._tcp"
      }
    return try? ServiceType(parsing: name)
  }
}
