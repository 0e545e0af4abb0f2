import CWebSockets
import DiscoveryCore
import Glibc

/// What certificates are checked against: a library context per set of authorities, made when it is
/// first needed. For one thread alone.
///
/// Connections are made with OpenSSL itself, over this bridge's own sockets. The library's client
/// does not check a certificate against an IP address, keeps errno to itself, and makes its own
/// connection; OpenSSL is in the process with it either way.
final class TLSTrust {
  /// A file of authorities, as it was when it was read.
  private struct File: Hashable {
    let path: String
    let device: UInt64
    let inode: UInt64
    let size: Int64
    let changed: Int64
  }

  private enum Source: Hashable {
    /// The system's own, of which only what is needed is read.
    case system
    case file(File)
    /// Any certificate will do.
    case anything
  }

  /// More files than this are not kept at once.
  private static let capacity = 32

  private var contexts: [Source: OpaquePointer] = [:]

  deinit {
    for context in contexts.values { SSL_CTX_free(context) }
  }

  /// A client's end of a connection to `serverName`, which the certificate must be for.
  func session(to serverName: String, as access: ProbeAccess) throws(ProbeError) -> TLSSession {
    try TLSSession(
      in: context(for: access), serverName: serverName, isVerified: access.verifiesCertificate)
  }

  private func context(for access: ProbeAccess) throws(ProbeError) -> OpaquePointer {
    let source = try Self.source(access)
    if let context = contexts[source] { return context }
    if contexts.count >= Self.capacity { removeFiles { _ in true } }
    // A file that has changed takes its former self's place.
    if case .file(let file) = source { removeFiles { $0.path == file.path } }
    let context = try Self.makeContext(source)
    contexts[source] = context
    return context
  }

  private func removeFiles(where isRemoved: (File) -> Bool) {
    for (source, context) in contexts {
      guard case .file(let file) = source, isRemoved(file) else { continue }
      contexts[source] = nil
      // Sessions that use it still keep it for themselves.
      SSL_CTX_free(context)
    }
  }

  private static func source(_ access: ProbeAccess) throws(ProbeError) -> Source {
    guard access.verifiesCertificate else { return .anything }
    guard let path = access.authorities else { return .system }
    var info = stat()
    guard stat(path, &info) == 0 else {
      throw .tls("\(path): \(ProbeError.sentence(of: errno))")
    }
    let changed = Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec)
    return .file(
      File(
        path: path, device: UInt64(info.st_dev), inode: UInt64(info.st_ino),
        size: Int64(info.st_size), changed: changed))
  }

  private static func makeContext(_ source: Source) throws(ProbeError) -> OpaquePointer {
    ERR_clear_error()
    guard let context = SSL_CTX_new(TLS_client_method()) else {
      throw .tls(TLSSession.reason() ?? "out of memory")
    }
    nexus_tls_configure(context)
    switch source {
    case .anything:
      SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
    case .system:
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
      SSL_CTX_set_default_verify_dir(context)
    case .file(let file):
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
      errno = 0
      guard SSL_CTX_load_verify_file(context, file.path) == 1 else {
        let code = errno
        SSL_CTX_free(context)
        throw .tls(
          code == EACCES || code == EISDIR
            ? "\(file.path): \(ProbeError.sentence(of: code))"
            : "\(file.path) holds no certificates")
      }
    }
    return context
  }
}
