import DiscoveryCore

extension PublisherEvent {
  /// What it is called in the log and counted as; nil for what is no event.
  package var logEvent: LogEvent? {
    switch self {
    case .announced: .announced
    case .withdrawn: .withdrawn
    case .refused, .up, .down: nil
    }
  }

  /// What to log of it.
  package var record: LogRecord {
    switch self {
    case .announced(let service, let instance, let host):
      let wanted = service.instanceName(onHost: host)
      let isAlternative = instance != wanted
      return LogRecord(
        .announced,
        "\(instance) is announced as \(service.type) at port \(service.port)"
          + (isAlternative ? "; the name \(wanted) is taken" : ""),
        fields: fields(service.type, instance))
    case .withdrawn(let id, let instance, let reason):
      var fields = fields(id.type, instance)
      fields[.reason] = reason
      return LogRecord(
        .withdrawn, "\(instance) is announced no more as \(id.type): \(reason)", fields: fields)
    case .refused(let id, let reason):
      return LogRecord(.warn, "\(id.name) cannot be announced as \(id.type): \(reason)")
    case .up: return LogRecord(.info, "this machine's servers can be announced")
    case .down(let reason):
      return LogRecord(.warn, "this machine's servers cannot be announced: \(reason)")
    }
  }

  private func fields(_ type: ServiceType, _ instance: String) -> [LogField: String] {
    [.name: instance, .instance: ServiceInstance.fullName(of: instance, type: type)]
  }
}
