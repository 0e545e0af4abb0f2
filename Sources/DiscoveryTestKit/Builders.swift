import DiscoveryCore

extension Address {
  /// An address from its text, for tests: a wrong one is the test's own mistake.
  package static func of(_ text: String) -> Address {
    guard let address = Address(text) else { preconditionFailure("\(text) is no address") }
    return address
  }
}

extension AddressBlock {
  /// A block from its text, for tests.
  package static func of(_ text: String) -> AddressBlock {
    guard let block = AddressBlock(text) else { preconditionFailure("\(text) is no block") }
    return block
  }
}

extension ServiceType {
  /// A service type from its text, for tests.
  package static func of(_ text: String) -> ServiceType {
    guard let type = try? ServiceType(parsing: text) else {
      preconditionFailure("\(text) is no service type")
    }
    return type
  }
}

extension Sighting {
  /// What Avahi says of an instance on an interface over a protocol.
  package static func mdns(
    _ name: String = "gpu1", type: String = "_ollama._tcp", port: UInt16 = 11434,
    at addresses: [String] = ["10.0.0.5"], host: String? = "gpu1.local",
    txt: KeyValuePairs<String, String?> = [:], interface: String = "eth0",
    family: Address.Family = .ipv4, isOwn: Bool = false
  ) -> Sighting {
    let type = ServiceType.of(type)
    let instance = ServiceInstance(name: name, type: type, fullName: "\(name).\(type.fullName)")
    return Sighting(
      id: ID(identity: instance.fullName, interface: interface, family: family), name: name,
      hostname: host, port: port, addresses: addresses.map(Address.of), instance: instance,
      txt: TXTRecord(txt), isOwnAnnouncement: isOwn)
  }

  /// What an administrator configured.
  package static func configured(
    _ name: String, _ url: String, type: BackendType? = nil, priority: Int? = nil,
    resolvedTo addresses: [String] = []
  ) -> Sighting {
    guard let url = try? BackendURL(parsing: url) else {
      preconditionFailure("\(url) is no URL")
    }
    let host: (name: String?, addresses: [Address]) =
      switch url.host {
      case .address(let address): (nil, [address])
      case .name(let name): (name, addresses.map(Address.of))
      }
    return Sighting(
      id: ID(identity: url.description), name: name, scheme: url.scheme, hostname: host.name,
      port: url.port, addresses: host.addresses,
      settings: Settings(type: type, priority: priority, apiPath: url.path))
  }
}

extension LocalNetwork {
  /// A machine at 10.0.0.1/24 and fe80::aa on eth0, with a loopback interface.
  package static let oneInterface = LocalNetwork(interfaces: [
    Interface(
      name: "lo", index: 1, isLoopback: true, isMulticast: false,
      addresses: [.of("127.0.0.1/8"), .of("::1/128")]),
    Interface(name: "eth0", index: 2, addresses: [.of("10.0.0.1/24"), .of("fe80::aa/64")]),
  ])
}
