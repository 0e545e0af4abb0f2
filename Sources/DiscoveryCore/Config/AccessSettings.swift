/// How a static backend is spoken to, as nexus.toml says; the key itself is never in here.
package struct AccessSettings: Hashable, Sendable {
  /// Where a key is to be found.
  package enum KeyPlace: Hashable, Sendable {
    /// The name of an environment variable of the daemon.
    case environment(String)
    /// An absolute path.
    case file(String)
  }

  /// False: any certificate will do.
  package var verifiesCertificate = true
  /// Absolute path of the PEM certificates that are trusted in place of the system's; nil for the
  /// system's.
  package var authorities: String?
  /// Nil: no key is sent.
  package var key: KeyPlace?

  package init() {}
}
