import APIModel
import DiscoveryCore

/// Which models are served, and by whom: what `GET /v1/models` answers from.
///
/// A proxy asks it where to send a request. So a model is listed with the backends that are announced
/// or configured and that answer their health checks, in listing order. After them come those that no
/// check has spoken of: checks are switched off, or the first one is still under way, and all that is
/// known is what the backend says of itself. A model that only others have, which are unhealthy, in
/// their grace period or failing a first check, is not listed at all.
struct ModelIndex {
  private struct Model {
    let id: String
    var servers: [BackendMirror.Entry]
  }

  /// Sorted by id.
  private let models: [Model]

  /// `backends` in listing order.
  init(_ backends: [BackendMirror.Entry]) {
    var models: [Model] = []
    var places: [String: Int] = [:]
    for service in [Service.checked, .unchecked] {
      for entry in backends where Service(of: entry.backend) == service {
        for id in entry.backend.models {
          guard let place = places[id] else {
            places[id] = models.count
            models.append(Model(id: id, servers: [entry]))
            continue
          }
          // A model that a backend names twice is one.
          if models[place].servers.last !== entry { models[place].servers.append(entry) }
        }
      }
    }
    self.models = models.sorted { $0.id < $1.id }
  }

  /// True when the index of all backends is another once `old` has become `new`; nil for a backend
  /// that is not there.
  static func isOther(with new: Backend?, for old: Backend?) -> Bool {
    func offer(_ backend: Backend?) -> Backend? {
      backend.flatMap { $0.models.isEmpty || Service(of: $0) == nil ? nil : $0 }
    }
    switch (offer(old), offer(new)) {
    case (nil, nil): return false
    case (let old?, let new?):
      return Service(of: old) != Service(of: new) || old.models != new.models
        || old.type != new.type || old.priority != new.priority || old.name != new.name
    default: return true
    }
  }

  /// The `ModelListDocument` of what passes: of the models that are asked for, those that have a
  /// backend which the filter admits, with these alone.
  func list(matching filter: BackendFilter? = nil) -> [UInt8] {
    var bytes = Array("{\"data\":[".utf8)
    var isFirst = true
    for model in models where filter?.admits(model: model.id) ?? true {
      let servers = filter.map { filter in
        model.servers.filter { filter.admits($0.backend) }
      }
      Self.append(model.id, servers ?? model.servers, isFirst: &isFirst, to: &bytes)
    }
    bytes += "],\"object\":\"list\"}".utf8
    return bytes
  }

  /// Appends a `ModelDocument`, unless nobody serves the model.
  private static func append(
    _ id: String, _ servers: [BackendMirror.Entry], isFirst: inout Bool, to bytes: inout [UInt8]
  ) {
    guard let first = servers.first else { return }
    bytes += (isFirst ? "{\"backends\":[" : ",{\"backends\":[").utf8
    isFirst = false
    for (index, server) in servers.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes += "\"\(server.backend.id)\"".utf8
    }
    bytes += "],\"created\":0,\"id\":".utf8
    JSONText.append(id, to: &bytes)
    bytes += ",\"object\":\"model\",\"owned_by\":\"\(first.backend.type.rawValue)\"}".utf8
  }

  /// How sure it is that a backend serves requests; nil when none should be sent to it.
  private enum Service {
    case checked
    case unchecked

    init?(of backend: Backend) {
      guard backend.expiresAt == nil else { return nil }
      switch backend.status {
      case .healthy: self = .checked
      case .unknown where backend.lastCheck == nil && !backend.isStale: self = .unchecked
      case .unknown, .unhealthy: return nil
      }
    }
  }
}
