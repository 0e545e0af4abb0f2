import ConfigFile
import Glibc

/// Which configuration file is read: the one that was named, else the default, which may be missing.
struct ConfigPath: Hashable, Sendable {
  let path: String
  let mayBeMissing: Bool

  /// `named` as given on the command line; else $NEXUS_CONFIG; else the default path.
  init(named: String?, environment: (String) -> String?) {
    if let named = named ?? environment("NEXUS_CONFIG").flatMap({ $0.isEmpty ? nil : $0 }) {
      path = named
      mayBeMissing = false
    } else {
      path = ConfigFile.defaultPath
      mayBeMissing = true
    }
  }

  /// False when there is nothing at the path.
  var exists: Bool { access(path, F_OK) == 0 }

  func load() -> ConfigResult {
    ConfigFile.load(path: path, mayBeMissing: mayBeMissing)
  }
}
