import DiscoveryCore

/// All of a backend that decides how it is checked: while it stays the same, so does the check.
package struct CheckTarget: Hashable, Sendable {
  package private(set) var endpoint: Endpoint
  /// In the order of trial.
  package private(set) var addresses: [Address]
  /// True where the addresses are an administrator's word, so that a key may be sent there.
  package let isConfigured: Bool
  package let paths: ProbePaths
  /// What is said of it; `unknown` when nothing is.
  package let claim: BackendType

  /// A backend that an administrator named is checked where they said, at no address that the network
  /// adds: its status says whether the URL works that was written down.
  package init(_ backend: Backend) {
    endpoint = backend.endpoint
    isConfigured = backend.ownAddressCount > 0
    addresses =
      isConfigured
      ? Array(backend.addresses.prefix(backend.ownAddressCount)) : backend.addresses
    paths = ProbePaths(apiPath: backend.apiPath)
    claim = backend.claimedType
  }

  /// A port of this machine, asked at its own `addresses`.
  init(port: UInt16, of addresses: [Address], claim: BackendType) {
    endpoint = Endpoint(
      scheme: .http, host: addresses.first?.description ?? "this machine", port: port)
    self.addresses = addresses
    isConfigured = false
    paths = ProbePaths(apiPath: claim.defaultAPIPath)
    self.claim = claim
  }

  /// The target as the registry will have it once it knows that `address` answered.
  func preferring(_ address: Address?) -> CheckTarget {
    guard let address, let place = addresses.firstIndex(of: address), place > 0 else { return self }
    var target = self
    target.addresses.insert(target.addresses.remove(at: place), at: 0)
    if Address(endpoint.host) != nil {
      target.endpoint = Endpoint(
        scheme: endpoint.scheme, host: address.description, port: endpoint.port)
    }
    return target
  }
}

/// Where a server's paths begin.
///
/// A backend's `api_path` is the path of its API; what stands before the API's own `/v1` or `/api` is
/// the prefix under which a reverse proxy has the whole server: `http://proxy/ollama` has Ollama's
/// `/api/tags` at `/ollama/api/tags`. So no path is ever `/v1/v1`.
package struct ProbePaths: Hashable, Sendable {
  /// Before the paths of the server's own: "" or one that begins with "/".
  package let root: String
  /// Before `/models`: OpenAI's API.
  package let openAI: String

  /// `apiPath` is "" or begins with "/" and does not end with one.
  package init(apiPath: String) {
    let isOpenAI = apiPath.hasSuffix("/v1")
    root = String(apiPath.dropLast(isOpenAI ? 3 : apiPath.hasSuffix("/api") ? 4 : 0))
    openAI = isOpenAI ? apiPath : root + "/v1"
  }
}
