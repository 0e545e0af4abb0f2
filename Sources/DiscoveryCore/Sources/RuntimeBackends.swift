/// The backends that administrators add while the daemon runs, and what becomes of each wish to add or
/// remove one.
package struct RuntimeBackends: Sendable {
  /// More than this many are not taken.
  package static let maximum = 1024

  /// What is to be added, each part correct by itself.
  package struct Wish: Hashable, Sendable {
    package var url: BackendURL
    /// Nil for the URL's host.
    package var name: String?
    package var type: BackendType?
    package var priority: Int?

    package init(
      url: BackendURL, name: String? = nil, type: BackendType? = nil, priority: Int? = nil
    ) {
      self.url = url
      self.name = name
      self.type = type == .unknown ? nil : type
      self.priority = priority
    }
  }

  /// What nexus.toml says, as far as it matters to a wish.
  package struct Statics: Hashable, Sendable {
    package var names: Set<String> = []
    /// The static backend that is the same server; nil when none is.
    package var nameAtServer: String?

    package init(names: Set<String> = [], nameAtServer: String? = nil) {
      self.names = names
      self.nameAtServer = nameAtServer
    }
  }

  /// Why a wish is not fulfilled.
  package enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    case isStatic(name: String)
    case addedOtherwise(name: String, url: String)
    case nameTaken(String)
    case full

    package var description: String {
      switch self {
      case .isStatic(let name):
        "this server is in nexus.toml already, as \"\(name)\", and what stands there wins: change it"
          + " there and reload"
      case .addedOtherwise(let name, let url):
        "this server was added already, as \"\(name)\" at \(url): remove that first"
      case .nameTaken(let name):
        "another backend that was configured or added is called \"\(name)\": choose another name"
      case .full: "\(RuntimeBackends.maximum) backends were added already: remove some first"
      }
    }
  }

  /// In the order in which they were added; names, URLs and servers are unique.
  package private(set) var backends: [AdministeredBackend] = []

  /// What was added before, as far as it still fits together.
  package init(_ backends: [AdministeredBackend] = []) {
    for backend in backends.prefix(Self.maximum)
    where !self.backends.contains(where: {
      $0.name == backend.name || Endpoint($0.url) == Endpoint(backend.url)
    }) {
      self.backends.append(backend)
    }
  }

  /// Adds a backend, or changes the one that was added with the very same URL: what the wish does not
  /// name stays as it was. True when it is new.
  package mutating func add(_ wish: Wish, besides statics: Statics) throws(Refusal) -> Bool {
    if let name = statics.nameAtServer { throw .isStatic(name: name) }
    let place = backends.firstIndex { Endpoint($0.url) == Endpoint(wish.url) }
    guard let place else {
      guard backends.count < Self.maximum else { throw .full }
      let name = try name(for: wish, at: nil, besides: statics)
      backends.append(
        AdministeredBackend(name: name, url: wish.url, type: wish.type, priority: wish.priority))
      return true
    }
    guard backends[place].url == wish.url else {
      throw .addedOtherwise(
        name: backends[place].name, url: backends[place].url.description)
    }
    backends[place].name = try name(for: wish, at: place, besides: statics)
    if let type = wish.type { backends[place].type = type }
    if let priority = wish.priority { backends[place].priority = priority }
    return false
  }

  /// Removes what was added as one of `urls`, in their normal form.
  package mutating func remove(_ urls: [String]) {
    backends.removeAll { urls.contains($0.url.description) }
  }

  /// The URL of the one that was added by this name; nil where none was.
  package func url(ofName name: String) -> String? {
    backends.first { $0.name == name }?.url.description
  }

  /// The name that is asked for, or that it has, or one made of the URL: the host, with the port where
  /// the host alone is taken.
  private func name(
    for wish: Wish, at place: Int?, besides statics: Statics
  ) throws(Refusal) -> String {
    func isTaken(_ name: String) -> Bool {
      statics.names.contains(name)
        || backends.indices.contains { $0 != place && backends[$0].name == name }
    }
    if let name = wish.name {
      guard !isTaken(name) else { throw .nameTaken(name) }
      return name
    }
    if let place { return backends[place].name }
    let host = wish.url.host.description
    let candidates = [host, "\(wish.url.host.urlHost):\(wish.url.port)"]
      .map { String(decoding: $0.utf8.prefix(BackendRules.longestName), as: UTF8.self) }
    guard let name = candidates.first(where: { !isTaken($0) }) else {
      throw .nameTaken(candidates[1])
    }
    return name
  }
}
