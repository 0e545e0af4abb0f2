import DiscoveryCore

/// What an earlier run left behind.
package struct SavedState: Sendable {
  /// Where the next state goes; nil where nothing may be written.
  package let directory: StateDirectory?
  package let backends: [RememberedBackend]
  /// See `KnownState`.
  package let announcedAs: [AnnouncedService.ID: String]

  /// Reads the state in the directory at `path`. What cannot be used is set aside under another name,
  /// and what cannot even be set aside is left as it is; `warn` is told, once.
  package init(path: String, at now: WallTime, warn: (String) -> Void) {
    do throws(StateDirectory.Failure) {
      let directory = try StateDirectory(path: path)
      let problem: String
      switch directory.read(limit: StateDocument.longest) {
      case .nothing:
        self.init(directory, KnownState())
        return
      case .bytes(let bytes):
        do throws(StateDocument.Problem) {
          self.init(directory, try StateDocument.decode(bytes))
          return
        } catch {
          problem = error.text
        }
      case .unusable(let reason): problem = reason
      case .unreadable(let reason):
        // It may well be good: it stays, and is not written over.
        warn(
          "\(directory.file) cannot be read: \(reason); the daemon starts with nothing, and nothing"
            + " is kept over a restart")
        self.init(nil, KnownState())
        return
      }
      self.init(
        Self.setAside(directory, because: problem, at: now, warn: warn) ? directory : nil,
        KnownState())
    } catch {
      warn("nothing is kept over a restart: \(error)")
      self.init(nil, KnownState())
    }
  }

  private init(_ directory: StateDirectory?, _ state: KnownState) {
    self.directory = directory
    announcedAs = state.announcedAs
    let backends = state.backends
    // What an edited file says twice, or too much of, would be there and could not be removed.
    let added = Set(RuntimeBackends(backends.flatMap(\.added)).backends)
    self.backends = backends.map { backend in
      var backend = backend
      backend.added.removeAll { !added.contains($0) }
      return backend
    }
  }

  /// False when it is still in its place, where nothing may be written then.
  private static func setAside(
    _ directory: StateDirectory, because problem: String, at now: WallTime,
    warn: (String) -> Void
  ) -> Bool {
    do throws(StateDirectory.Failure) {
      let name = try directory.setAside(at: now)
      warn("\(directory.file) \(problem); it is now \(name), and the daemon starts with nothing")
      return true
    } catch {
      warn(
        "\(directory.file) \(problem), and cannot be set aside (\(error)): it is left as it is, and"
          + " nothing is kept over a restart")
      return false
    }
  }
}
