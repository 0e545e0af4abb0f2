import DiscoveryCore

/// A service of this machine as JSON has it: in `announcements` of `GET /v1/status`.
package struct AnnouncementDocument: Hashable, Sendable, Encodable {
  package enum State: String, CaseIterable, Hashable, Sendable, Encodable {
    /// It is on the air.
    case announced
    /// It should be, and is not yet, or cannot be.
    case pending
    /// It should not be for now: its server does not answer as it should, or only this machine reaches it.
    case withheld
  }

  /// The name that it should have, `%h` for the host's.
  package var name: String
  /// A service type, without domain.
  package var type: String
  package var port: Int
  package var state: State
  /// The instance name that it has; nil when it is not on the air.
  package var instance: String?
  /// Why it is not on the air, as a short sentence; nil when it is.
  package var reason: String?

  private enum CodingKeys: String, CodingKey {
    case name, type, port, state, instance, reason
  }

  package init(
    _ service: AnnouncedService, _ state: State, instance: String? = nil, reason: String? = nil
  ) {
    name = service.name
    type = service.type.name
    port = Int(service.port)
    self.state = state
    self.instance = instance
    self.reason = reason
  }

  // Written out, because the compiler's own leaves out keys without a value.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(type, forKey: .type)
    try container.encode(port, forKey: .port)
    try container.encode(state, forKey: .state)
    try container.encode(instance, forKey: .instance)
    try container.encode(reason, forKey: .reason)
  }
}

extension AnnouncementDocument: JSONReadable {
  package init(_ json: JSON) throws(JSONMismatch) {
    name = try json.text("name")
    type = try json.text("type")
    port = try json.integer("port")
    guard let state = State(rawValue: try json.text("state")) else {
      throw JSON.mismatch("state", "one that is known")
    }
    self.state = state
    instance = try json.optionalText("instance")
    reason = try json.optionalText("reason")
  }
}
