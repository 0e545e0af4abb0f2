import AvahiBridge
import DiscoveryCore
import DiscoveryTestKit

/// A tracker, a clock to turn by hand, and what the tracker's actions amount to.
struct TrackerBench {
  var tracker: AvahiTracker
  var now = Uptime(nanoseconds: 0)
  private(set) var browsers: Set<ServiceType> = []
  private(set) var resolvers: [AvahiTracker.ResolverID: AvahiTracker.ResolverRequest] = [:]
  private(set) var hosts: Set<String> = []
  /// What a consumer of the events holds to be there.
  private(set) var present: [Sighting.ID: Sighting] = [:]
  private(set) var log: [AvahiTracker.Action] = []
  /// What no sequence of actions may do.
  private(set) var faults: [String] = []
  private var isRepeating = false

  init(
    types: [ServiceType] = [.ollama], interfaces: Set<String> = [], maximum: Int = 16_384,
    places: Int = ResolverPace.places
  ) {
    tracker = AvahiTracker(
      settings: AvahiTracker.Settings(
        serviceTypes: types, interfaces: interfaces, maximumSightings: maximum),
      pace: ResolverPace(places: places))
  }

  @discardableResult
  mutating func send(_ input: AvahiTracker.Input) -> [AvahiTracker.Action] {
    if case .disconnected = input { forgetObjects() }
    if case .connected = input { forgetObjects() }
    isRepeating = input == .repeatAll
    return take(tracker.handle(input, at: now))
  }

  /// Lets the tracker do all that could wait.
  @discardableResult
  mutating func settle() -> [AvahiTracker.Action] {
    var actions: [AvahiTracker.Action] = []
    isRepeating = false
    while tracker.hasIdleWork { actions += take(tracker.idle(at: now)) }
    return actions
  }

  /// Lets time pass, with a tick at each deadline on the way.
  @discardableResult
  mutating func pass(_ duration: Duration) -> [AvahiTracker.Action] {
    let end = now.advanced(by: duration)
    var actions: [AvahiTracker.Action] = []
    while let deadline = tracker.nextDeadline, deadline <= end {
      now = max(now, deadline)
      actions += send(.tick)
    }
    now = end
    return actions
  }

  /// Connects, has each browser say that it listed all, and forgets what that gave.
  mutating func connect() {
    send(.connected)
    for type in browsers { send(.allForNow(type)) }
    log = []
  }

  func openResolvers(of instance: ServiceInstance) -> [AvahiTracker.ResolverRequest] {
    resolvers.values.filter { $0.instance == instance }.sorted { $0.id.number < $1.id.number }
  }

  private mutating func forgetObjects() {
    browsers = []
    resolvers = [:]
    hosts = []
  }

  /// What was told in an earlier connection is told anew.
  private mutating func forgetSightings() -> Bool {
    present = [:]
    return true
  }

  private mutating func take(_ actions: [AvahiTracker.Action]) -> [AvahiTracker.Action] {
    for action in actions { apply(action) }
    log += actions
    return actions
  }

  private mutating func apply(_ action: AvahiTracker.Action) {
    let isSound =
      switch action {
      case .startBrowser(let type, _): browsers.insert(type).inserted
      case .stopBrowser(let type): browsers.remove(type) != nil
      case .startResolver(let request): resolvers.updateValue(request, forKey: request.id) == nil
      case .stopResolver(let id): resolvers.removeValue(forKey: id) != nil
      case .startHostBrowser(let host, _): hosts.insert(host).inserted
      case .stopHostBrowser(let host): hosts.remove(host) != nil
      case .emit(.serviceFound(let sighting)):
        (present.updateValue(sighting, forKey: sighting.id) != sighting) != isRepeating
          && !sighting.addresses.isEmpty
      case .emit(.serviceRemoved(let id)): present.removeValue(forKey: id) != nil
      case .emit(.sourceConnected), .emit(.sourceFailed): forgetSightings()
      case .emit: true
      }
    if !isSound { faults.append("\(action)") }
  }
}

extension ServiceType {
  static let ollama = type("_ollama._tcp")
  static let llm = type("_llm._tcp")

  private static func type(_ text: String) -> ServiceType {
    guard let type = try? ServiceType(parsing: text) else { preconditionFailure(text) }
    return type
  }
}

extension ServiceInstance {
  /// An instance whose name needs no escaping.
  static func plain(_ name: String, _ type: ServiceType = .ollama) -> ServiceInstance {
    ServiceInstance(name: name, type: type, fullName: "\(name).\(type.fullName)")
  }
}

extension AvahiTracker.Interface {
  static let eth0 = AvahiTracker.Interface(index: 2, name: "eth0")
  static let eth1 = AvahiTracker.Interface(index: 3, name: "eth1")
}

extension AvahiTracker.BrowsedService {
  static func at(
    _ instance: ServiceInstance, _ interface: AvahiTracker.Interface = .eth0,
    _ family: Address.Family = .ipv4, isOwn: Bool = false
  ) -> Self {
    Self(instance: instance, interface: interface, family: family, isOwn: isOwn)
  }
}

func resolution(
  _ host: String = "box.local", port: UInt16 = 11434, txt: TXTRecord = TXTRecord(),
  address: String? = "10.0.0.5"
) -> AvahiTracker.Resolution {
  AvahiTracker.Resolution(
    hostName: host, port: port, txt: txt, address: address.flatMap { Address($0) })
}

func record(
  _ address: String, on interface: AvahiTracker.Interface = .eth0,
  over family: Address.Family = .ipv4
) -> AvahiTracker.HostRecord {
  AvahiTracker.HostRecord(
    interfaceIndex: interface.index, family: family,
    address: Address(address) ?? Address(ipv4: 0))
}
