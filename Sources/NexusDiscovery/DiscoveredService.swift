import DiscoveryCore

/// A server that announces itself on the network, merged from all that is heard of it: over IPv4 and
/// IPv6, on several links, under several types it is one service.
///
/// All of it is the network's word, and its texts may hold any characters.
public struct DiscoveredService: Hashable, Identifiable, Sendable {
  /// The same for the same service at every scan and in every program.
  public let id: String
  /// Its instance name (RFC 6763 §4.1.1).
  public var name: String
  /// The service type that it was found under: `_ollama._tcp`.
  public var type: String
  /// What kind of server it says it is: `ollama`, `vllm`, `lmserv`, …; `unknown` where it does not.
  public var kind: String
  /// Where its API is: `http://10.0.0.5:8000/v1`.
  public var url: String
  /// The host of its URL, the best of its addresses: IPv4 where it has one, link-local IPv6 with its
  /// zone.
  public var host: String
  /// Its port.
  public var port: Int
  /// All its addresses that may be believed, best first.
  public var addresses: [String]
  /// Its host's name: `gpu-box-02.local`; nil for one that is no host name.
  public var hostname: String?
  /// Its TXT record, with the keys in lower case, for they have no case (RFC 6763 §6.4); a key without
  /// a value has "" here.
  public var txt: [String: String]
  /// The models that it says it has (TXT `models`), sorted.
  public var models: [String]
  /// Its version as it says (TXT `version`).
  public var version: String?
  /// The free text that it announces (TXT `info`).
  public var info: String?
  /// True where this machine itself announces it.
  public var isLocal: Bool
}

extension DiscoveredService {
  init(_ backend: Backend) {
    id = backend.id.description
    name = backend.name
    type = backend.instance?.type.name ?? ""
    kind = backend.type.rawValue
    url = backend.url
    host = backend.host
    port = Int(backend.port)
    addresses = backend.addresses.map(\.description)
    hostname = backend.hostname
    // The record has no two keys that differ in ASCII case alone; others may be one key to Swift.
    txt = Dictionary(
      backend.txt.attributes.map { attribute in
        (
          String(decoding: attribute.key.utf8.map(Ascii.lowercased), as: UTF8.self),
          attribute.value ?? ""
        )
      },
      uniquingKeysWith: { first, _ in first })
    models = backend.models
    version = backend.version
    info = backend.info
    isLocal = backend.isLocal
  }
}
