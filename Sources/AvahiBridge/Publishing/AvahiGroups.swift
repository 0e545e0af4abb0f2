import CAvahi
import DiscoveryCore
import EventLoop

/// One AvahiClient with its entry groups, one for each service: the owner of every pointer of theirs,
/// confined to the queue of its poll adapter.
final class AvahiGroups: AvahiClients {
  /// What a callback said.
  enum Report: Sendable {
    case client(AvahiClient.State)
    case group(number: UInt64, PublisherState.GroupState)
  }

  /// A C object, which the client owns too, and what its user data points to: owned by the table of
  /// groups, released after the C object was freed, or with the client.
  fileprivate final class Group {
    let id: AnnouncedService.ID
    let number: UInt64
    let report: (PublisherState.GroupState) -> Void
    var pointer: OpaquePointer?
    var states = GroupStates()

    init(
      id: AnnouncedService.ID, number: UInt64,
      report: @escaping (PublisherState.GroupState) -> Void
    ) {
      self.id = id
      self.number = number
      self.report = report
    }
  }

  private let poll: AvahiPollAdapter
  private let report: (AvahiGroups, Report) -> Void
  private var client: AvahiClient?
  private var groups: [AnnouncedService.ID: Group] = [:]
  private var lastNumber: UInt64 = 0

  /// `report` is called on the queue, in the middle of a callback: what it tells is to be looked at
  /// later, in order, and the states of groups only as far as `current` says.
  init(poll: AvahiPollAdapter, report: @escaping (AvahiGroups, Report) -> Void) {
    self.poll = poll
    self.report = report
  }

  var state: AvahiClient.State? { client?.state }

  func open() throws(AvahiError) {
    closeAll()
    client = try AvahiClient(poll: poll) { [weak self] state in
      guard let self else { return }
      self.report(self, .client(state))
    }
  }

  func closeAll() {
    client?.close()
    client = nil
    groups = [:]
  }

  /// The host's name as avahi-daemon has it.
  func hostName() throws(AvahiError) -> String {
    let operation = "avahi_client_get_host_name"
    let client = try pointer(for: operation)
    let start = SystemClock().now().uptime
    guard let name = avahi_client_get_host_name(client) else {
      throw self.client?.failure(of: operation, since: start)
        ?? AvahiError(operation: operation, code: AVAHI_ERR_BAD_STATE)
    }
    return AvahiNames.string(name) ?? ""
  }

  /// The service whose group has that number, if `state` is about what was published in it last.
  func current(
    _ number: UInt64, _ state: PublisherState.GroupState
  ) -> AnnouncedService.ID? {
    guard let group = groups.values.first(where: { $0.number == number }) else { return nil }
    return group.states.isCurrent(state) ? group.id : nil
  }

  /// Commits the service's group with the service alone in it.
  func publish(_ service: AnnouncedService, as instance: String) throws(AvahiError) {
    try reset(service.id)
    let group = try group(for: service.id)
    do throws(AvahiError) {
      let txt = Self.stringList(service.txt)
      defer { avahi_string_list_free(txt) }
      try call("avahi_entry_group_add_service_strlst") {
        avahi_entry_group_add_service_strlst(
          group.pointer, AvahiNames.anyInterface, AvahiNames.anyProtocol,
          AvahiPublishFlags(rawValue: 0), instance, service.type.name, AvahiNames.domain, nil,
          service.port, txt)
      }
      try call("avahi_entry_group_commit") { avahi_entry_group_commit(group.pointer) }
    } catch {
      // Another name goes into the same group, so that the daemon counts its tries.
      if !error.isFatal, !error.isCollision { try free(service.id) }
      throw error
    }
    group.states.wasCommitted()
  }

  /// Replaces the TXT record of a service that was published under that name.
  func update(_ service: AnnouncedService, as instance: String) throws(AvahiError) {
    let txt = Self.stringList(service.txt)
    defer { avahi_string_list_free(txt) }
    guard let group = groups[service.id] else { return }
    try call("avahi_entry_group_update_service_txt_strlst") {
      avahi_entry_group_update_service_txt_strlst(
        group.pointer, AvahiNames.anyInterface, AvahiNames.anyProtocol,
        AvahiPublishFlags(rawValue: 0), instance, service.type.name, AvahiNames.domain, txt)
    }
  }

  /// Empties the service's group, if it has one.
  func reset(_ id: AnnouncedService.ID) throws(AvahiError) {
    guard let group = groups[id] else { return }
    try call("avahi_entry_group_reset") { avahi_entry_group_reset(group.pointer) }
    group.states.wasReset()
  }

  /// Gives the service's group back, if it has one.
  func free(_ id: AnnouncedService.ID) throws(AvahiError) {
    guard let group = groups.removeValue(forKey: id), let pointer = group.pointer else { return }
    let start = SystemClock().now().uptime
    // Negative too when the daemon does not know it any more, which is as good.
    let code = withExtendedLifetime(group) { avahi_entry_group_free(pointer) }
    guard code >= 0 || !AvahiClient.hasHung(since: start) else {
      throw AvahiError(operation: "avahi_entry_group_free", code: Int(code), didHang: true)
    }
  }

  /// The service's group, made if need be.
  private func group(for id: AnnouncedService.ID) throws(AvahiError) -> Group {
    if let group = groups[id] { return group }
    let operation = "avahi_entry_group_new"
    let client = try pointer(for: operation)
    lastNumber += 1
    let number = lastNumber
    let group = Group(id: id, number: number) { [weak self] state in
      guard let self else { return }
      self.report(self, .group(number: number, state))
    }
    let start = SystemClock().now().uptime
    group.pointer = avahi_entry_group_new(
      client, onGroupState, Unmanaged.passUnretained(group).toOpaque())
    guard group.pointer != nil else {
      throw self.client?.failure(of: operation, since: start)
        ?? AvahiError(operation: operation, code: AVAHI_ERR_BAD_STATE)
    }
    groups[id] = group
    return group
  }

  private func pointer(for operation: String) throws(AvahiError) -> OpaquePointer {
    guard let client else { throw AvahiError(operation: operation, code: AVAHI_ERR_BAD_STATE) }
    return try client.pointer(for: operation)
  }

  private func call(_ operation: String, _ body: () -> Int32) throws(AvahiError) {
    _ = try pointer(for: operation)
    let start = SystemClock().now().uptime
    let code = body()
    guard code < 0 else { return }
    throw AvahiError(
      operation: operation, code: Int(code), didHang: AvahiClient.hasHung(since: start))
  }

  /// The record as libavahi takes it, in wire order; the caller's to free. Nil for an empty one.
  private static func stringList(_ txt: TXTRecord) -> UnsafeMutablePointer<AvahiStringList>? {
    var list: UnsafeMutablePointer<AvahiStringList>?
    for string in txt.strings {
      list = avahi_string_list_add_arbitrary(list, string, string.count)
    }
    return list
  }
}

/// Tells which states of an entry group are about what is in it now: those that were on their way when
/// it was emptied are not.
///
/// avahi-daemon says UNCOMMITED once for each reset of a group that was committed, and signals keep
/// their order.
package struct GroupStates: Hashable, Sendable {
  private var isCommitted = false
  /// Resets of which the daemon's word is still to come.
  private var resetsToHear = 0

  package init() {}

  /// The daemon has accepted what is in the group.
  package mutating func wasCommitted() { isCommitted = true }

  /// The daemon has emptied the group.
  package mutating func wasReset() {
    if isCommitted { resetsToHear += 1 }
    isCommitted = false
  }

  /// Takes the next state that the daemon told; true when it is about what was committed last.
  package mutating func isCurrent(_ state: PublisherState.GroupState) -> Bool {
    guard resetsToHear > 0 else { return isCommitted && state != .uncommitted }
    if state == .uncommitted { resetsToHear -= 1 }
    return false
  }
}

/// AvahiEntryGroupCallback. `userdata`: a `Group`, not retained. Called for the first time while
/// `avahi_entry_group_new` is still running.
private func onGroupState(
  _ group: OpaquePointer?, _ state: AvahiEntryGroupState, _ userdata: UnsafeMutableRawPointer?
) {
  guard let group, let userdata else { return }
  let target = Unmanaged<AvahiGroups.Group>.fromOpaque(userdata).takeUnretainedValue()
  switch state {
  case AVAHI_ENTRY_GROUP_UNCOMMITED: target.report(.uncommitted)
  case AVAHI_ENTRY_GROUP_REGISTERING: target.report(.registering)
  case AVAHI_ENTRY_GROUP_ESTABLISHED: target.report(.established)
  case AVAHI_ENTRY_GROUP_COLLISION: target.report(.collision)
  default:
    let code = avahi_client_errno(avahi_entry_group_get_client(group))
    target.report(.failure(reason: "Avahi: \(String(cString: avahi_strerror(code)))"))
  }
}
