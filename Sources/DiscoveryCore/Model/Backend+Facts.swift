// What a backend is, apart from how it is doing: what all copies of it share.

extension Backend {
  /// What a backend is, which no one changes: who wants it otherwise makes others.
  final class Facts: Hashable, Sendable {
    /// The small ones last, where they share a word.
    struct Values: Hashable, Sendable {
      let id: BackendID
      var name: String
      var url: String
      var host: String
      var apiPath: String
      var hostname: String?
      var instance: ServiceInstance?
      var version: String?
      var info: String?
      var txt: TXTRecord
      var models: [String]
      var addresses: [Address]
      var sources: [SourceKind]
      var interfaces: [String]
      var ownAddressCount: Int
      var priority: Int
      var firstSeen: WallTime
      var port: UInt16
      var scheme: URLScheme
      var type: BackendType
      var claimedType: BackendType
      var detectedType: BackendType?
      var source: SourceKind
      var isLocal: Bool
    }

    let values: Values

    init(_ values: Values) {
      self.values = values
    }

    static func == (left: Facts, right: Facts) -> Bool {
      left === right || left.values == right.values
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(values)
    }
  }

  package var id: BackendID { facts.values.id }

  package var name: String {
    get { facts.values.name }
    set { change { $0.name = newValue } }
  }

  /// `scheme://HOST:PORT` and `apiPath`.
  package var url: String {
    get { facts.values.url }
    set { change { $0.url = newValue } }
  }

  package var scheme: URLScheme {
    get { facts.values.scheme }
    set { change { $0.scheme = newValue } }
  }

  /// The URL's host: an address (link-local IPv6 with its zone) or a configured name.
  package var host: String {
    get { facts.values.host }
    set { change { $0.host = newValue } }
  }

  package var port: UInt16 {
    get { facts.values.port }
    set { change { $0.port = newValue } }
  }

  /// "" or a path that begins with "/", below the base URL.
  package var apiPath: String {
    get { facts.values.apiPath }
    set { change { $0.apiPath = newValue } }
  }

  package var type: BackendType {
    get { facts.values.type }
    set { change { $0.type = newValue } }
  }

  /// What the configuration, TXT or the service type say that it is; `unknown` when none does.
  package var claimedType: BackendType {
    get { facts.values.claimedType }
    set { change { $0.claimedType = newValue } }
  }

  /// What its own answers show it to be; nil before they do.
  package var detectedType: BackendType? {
    get { facts.values.detectedType }
    set { change { $0.detectedType = newValue } }
  }

  /// The highest source that knows it.
  package var source: SourceKind {
    get { facts.values.source }
    set { change { $0.source = newValue } }
  }

  /// All sources that know it, highest first.
  package var sources: [SourceKind] {
    get { facts.values.sources }
    set { change { $0.sources = newValue } }
  }

  /// Lower is preferred.
  package var priority: Int {
    get { facts.values.priority }
    set { change { $0.priority = newValue } }
  }

  /// Every known address, best first.
  package var addresses: [Address] {
    get { facts.values.addresses }
    set { change { $0.addresses = newValue } }
  }

  /// How many of them, from the first, an administrator's URL itself stands for; others are the
  /// network's word. 0 where no administrator names it.
  package var ownAddressCount: Int {
    get { facts.values.ownAddressCount }
    set { change { $0.ownAddressCount = newValue } }
  }

  package var hostname: String? {
    get { facts.values.hostname }
    set { change { $0.hostname = newValue } }
  }

  /// The leading mDNS instance, if any.
  package var instance: ServiceInstance? {
    get { facts.values.instance }
    set { change { $0.instance = newValue } }
  }

  package var version: String? {
    get { facts.values.version }
    set { change { $0.version = newValue } }
  }

  package var models: [String] {
    get { facts.values.models }
    set { change { $0.models = newValue } }
  }

  /// LMServ's free text about the node (TXT `info`).
  package var info: String? {
    get { facts.values.info }
    set { change { $0.info = newValue } }
  }

  package var txt: TXTRecord {
    get { facts.values.txt }
    set { change { $0.txt = newValue } }
  }

  /// The interfaces that it is seen on, sorted.
  package var interfaces: [String] {
    get { facts.values.interfaces }
    set { change { $0.interfaces = newValue } }
  }

  /// Served by this machine.
  package var isLocal: Bool {
    get { facts.values.isLocal }
    set { change { $0.isLocal = newValue } }
  }

  package var firstSeen: WallTime {
    get { facts.values.firstSeen }
    set { change { $0.firstSeen = newValue } }
  }

  private mutating func change(_ change: (inout Facts.Values) -> Void) {
    var values = facts.values
    change(&values)
    facts = Facts(values)
  }
}
