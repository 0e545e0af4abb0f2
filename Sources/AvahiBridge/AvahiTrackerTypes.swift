import DiscoveryCore

// What goes into AvahiTracker and what comes out of it.

extension AvahiTracker {
  /// What to look for, and where.
  package struct Settings: Hashable, Sendable {
    package var serviceTypes: [ServiceType]
    /// Names of the interfaces to look on; empty: all.
    package var interfaces: Set<String>
    /// False: no service over IPv6 and no IPv6 address.
    package var ipv6: Bool
    /// No more sightings than this are followed.
    package var maximumSightings: Int

    package init(
      serviceTypes: [ServiceType], interfaces: Set<String> = [], ipv6: Bool = true,
      maximumSightings: Int = 32_768
    ) {
      self.serviceTypes = serviceTypes
      self.interfaces = interfaces
      self.ipv6 = ipv6
      self.maximumSightings = maximumSightings
    }

    /// The part of `settings` that this source needs; a backend may be sighted over two protocols on
    /// four interfaces, which is as many as the registry takes. As many as avahi-daemon's cache holds
    /// of one link are followed in any case: those that never resolve must not keep out others.
    package init(_ settings: DiscoverySettings) {
      self.init(
        serviceTypes: settings.serviceTypes, interfaces: Set(settings.interfaces),
        ipv6: settings.ipv6, maximumSightings: max(8 * settings.maxBackends, 4096))
    }
  }

  /// A network interface as Avahi numbers it: the kernel's index, and the name it has.
  package struct Interface: Hashable, Sendable {
    package let index: Int32
    package let name: String

    package init(index: Int32, name: String) {
      self.index = index
      self.name = name
    }
  }

  /// Where a sighting is kept.
  typealias Slot = SlotTable<TrackedSighting>.Slot

  /// Which resolver; no other has it, though its slot be used again.
  package struct ResolverID: Hashable, Sendable {
    /// In the order of their making; from 0 again after 2³².
    package let number: UInt32
    /// The sighting that it is for.
    let slot: Slot
  }

  /// Which records a resolver needs before it reports, besides SRV.
  package struct Lookup: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Without it, AVAHI_LOOKUP_NO_TXT.
    package static let txt = Lookup(rawValue: 1)
    /// Without it, AVAHI_LOOKUP_NO_ADDRESS.
    package static let address = Lookup(rawValue: 2)
  }

  /// All that a new resolver has to be told.
  package struct ResolverRequest: Hashable, Sendable {
    package let id: ResolverID
    package let instance: ServiceInstance
    package let interface: Interface
    /// Over which protocol to ask.
    package let family: Address.Family
    package let lookup: Lookup
  }

  /// A service that a browser reports.
  package struct BrowsedService: Hashable, Sendable {
    package let instance: ServiceInstance
    package let interface: Interface
    package let family: Address.Family
    /// AVAHI_LOOKUP_RESULT_LOCAL: announced through this machine's own avahi-daemon.
    package let isOwn: Bool

    package init(
      instance: ServiceInstance, interface: Interface, family: Address.Family, isOwn: Bool = false
    ) {
      self.instance = instance
      self.interface = interface
      self.family = family
      self.isOwn = isOwn
    }
  }

  /// What a resolver reports.
  package struct Resolution: Hashable, Sendable {
    /// The SRV target as Avahi spells it.
    package let hostName: String
    package let port: UInt16
    package let txt: TXTRecord
    /// The one address that the resolver picked; nil when it was not asked for one.
    package let address: Address?

    package init(hostName: String, port: UInt16, txt: TXTRecord, address: Address?) {
      self.hostName = hostName
      self.port = port
      self.txt = txt
      self.address = address
    }
  }

  /// One address record of a host, where and over which protocol it was heard.
  package struct HostRecord: Hashable, Sendable {
    package let interfaceIndex: Int32
    package let family: Address.Family
    /// Without zone.
    package let address: Address

    package init(interfaceIndex: Int32, family: Address.Family, address: Address) {
      self.interfaceIndex = interfaceIndex
      self.family = family
      self.address = address
    }
  }

  /// What happened.
  package enum Input: Hashable, Sendable {
    /// avahi-daemon can be asked.
    case connected
    /// It cannot (any more), and all objects are gone; `reason` is a sentence for people.
    case disconnected(reason: String)
    case serviceNew(BrowsedService)
    case serviceGone(ServiceInstance, interfaceIndex: Int32, family: Address.Family)
    case allForNow(ServiceType)
    case browserFailed(ServiceType, Failure = .unanswered)
    case resolved(ResolverID, Resolution)
    case resolverFailed(ResolverID, Failure = .unanswered)
    case hostRecordNew(host: String, HostRecord)
    case hostRecordGone(host: String, HostRecord)
    case hostBrowserFailed(host: String, Failure = .unanswered)
    /// What avahi-daemon's configuration says; before `connected`.
    case daemonLimits(AvahiDaemonLimits)
    /// The configuration changed.
    case configure(Settings)
    /// Whoever is told wants to judge all anew: what was told is to be told again.
    case repeatAll
    /// `nextDeadline` has come.
    case tick
  }

  /// What to do, in this order.
  package enum Action: Hashable, Sendable {
    case startBrowser(ServiceType, ipv6: Bool)
    case stopBrowser(ServiceType)
    case startResolver(ResolverRequest)
    case stopResolver(ResolverID)
    /// Browse A records of this host and, with `ipv6`, its AAAA records, on all interfaces.
    case startHostBrowser(String, ipv6: Bool)
    case stopHostBrowser(String)
    case emit(DiscoveryEvent)
  }

  /// What has a deadline.
  enum Timed: Hashable, Sendable {
    case sighting(Sighting.ID)
    /// Changed addresses are told.
    case addresses(Sighting.ID)
    case browser(ServiceType)
    case host(String)
    /// What the host's new browser has not repeated is gone.
    case records(String)
    /// avahi-daemon's cache may be full.
    case cache
    /// More resolvers may be started.
    case places
  }
}
