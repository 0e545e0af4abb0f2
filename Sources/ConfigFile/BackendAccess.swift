import DiscoveryCore

/// How static backends are spoken to, with what only other files and the environment know: the keys.
package struct BackendAccess: Hashable, Sendable {
  /// Those that are not spoken to by the default.
  package let access: [Endpoint: ProbeAccess]
  /// Warnings alone: a backend whose key is not to be had is asked without one.
  package let problems: [ConfigProblem]
}

extension ConfigResult {
  /// Reads the files that the backends name for their keys and certificates: at the start, and again
  /// at each reload.
  ///
  /// - Parameter environment: The daemon's; nil where it is not at hand, so that nothing is said of it.
  package func backendAccess(environment: ((String) -> String?)?) -> BackendAccess {
    var reader = AccessReader(environment: environment, problems: ProblemList(file: path))
    for backend in configuration?.backends ?? [] {
      reader.read(backend, accessPositions[backend.name] ?? AccessPositions())
    }
    return BackendAccess(access: reader.access, problems: reader.problems.inOrder)
  }
}

private struct AccessReader {
  let environment: ((String) -> String?)?
  let problems: ProblemList
  private(set) var access: [Endpoint: ProbeAccess] = [:]
  private var isKnown: Set<Endpoint> = []

  init(environment: ((String) -> String?)?, problems: ProblemList) {
    self.environment = environment
    self.problems = problems
  }

  /// Of several backends at one server, the first decides.
  mutating func read(_ backend: AdministeredBackend, _ positions: AccessPositions) {
    guard isKnown.insert(Endpoint(backend.url)).inserted else { return }
    let settings = backend.access
    var result = ProbeAccess(
      verifiesCertificate: settings.verifiesCertificate, authorities: settings.authorities)
    if let path = settings.authorities, settings.verifiesCertificate, backend.url.scheme == .https {
      checkAuthorities(path, positions.authorities)
    }
    switch settings.key {
    case .file(let path): result.key = key(inFile: path, positions.key)
    case .environment(let name): result.key = key(inVariable: name, positions.key)
    case nil: break
    }
    if result != ProbeAccess() { access[Endpoint(backend.url)] = result }
  }

  private func key(inFile path: String, _ position: TomlPosition?) -> APIKey? {
    do throws(KeyFile.Problem) {
      let file = try KeyFile(path: path)
      if file.isOpenToAll {
        problems.warning(
          at: position, "the key in \(path) is open to every user", hint: "chmod o= \(path)")
      }
      return file.key
    } catch {
      problems.warning(at: position, "no key from \(path): \(error)")
      return nil
    }
  }

  /// The name is not repeated: it may be a key in the wrong place.
  private func key(inVariable name: String, _ position: TomlPosition?) -> APIKey? {
    guard let environment else { return nil }
    let place = "the environment variable that \"api_key_env\" names"
    guard let text = environment(name), !text.isEmpty else {
      problems.warning(at: position, "no key: \(place) is not set")
      return nil
    }
    guard let key = APIKey(text) else {
      problems.warning(
        at: position, "no key: \(place) holds something else than visible ASCII characters")
      return nil
    }
    return key
  }

  private func checkAuthorities(_ path: String, _ position: TomlPosition?) {
    do throws(FileText.Problem) {
      let file = try FileText.regular(path, limit: FileText.maximumSize)
      let text = String(decoding: file.bytes, as: UTF8.self)
      // Also OpenSSL's own "BEGIN TRUSTED CERTIFICATE" (x509(1)).
      guard text.contains("-----BEGIN"), text.contains("CERTIFICATE-----") else {
        problems.warning(at: position, "there is no certificate in PEM form in \(path)")
        return
      }
    } catch {
      problems.warning(at: position, "no certificates from \(path): \(error)")
    }
  }
}
