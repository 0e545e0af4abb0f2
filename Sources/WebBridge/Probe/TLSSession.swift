import CWebSockets
import DiscoveryCore

/// A client's end of one secure connection: it turns bytes into other bytes and does no I/O.
///
/// For one thread alone: the library keeps its errors per thread.
final class TLSSession {
  enum Reading {
    case count(Int)
    /// More has to be received first.
    case blocked
    /// The server said that nothing follows.
    case ended
  }

  /// The library's session, freed in `deinit`.
  private let session: OpaquePointer
  /// What was received and what is to be sent; both belong to the session.
  private let input: OpaquePointer
  private let output: OpaquePointer
  private let isVerified: Bool
  private var hasReceived = false
  private(set) var isEstablished = false

  /// `context` is used while this is made and may be freed after; `isVerified`: the certificate must
  /// be good, and for `serverName`, a host name or an address.
  init(in context: OpaquePointer, serverName: String, isVerified: Bool) throws(ProbeError) {
    ERR_clear_error()
    guard let session = SSL_new(context) else { throw .tls(Self.reason() ?? "out of memory") }
    var buffers: (input: OpaquePointer?, output: OpaquePointer?)
    guard nexus_tls_set_buffers(session, &buffers.input, &buffers.output) == 1,
      let input = buffers.input, let output = buffers.output,
      Self.name(session, serverName, isVerified: isVerified)
    else {
      SSL_free(session)
      throw .tls(Self.reason() ?? "\"\(serverName)\" cannot be in a certificate")
    }
    SSL_set_connect_state(session)
    self.session = session
    self.input = input
    self.output = output
    self.isVerified = isVerified
  }

  deinit {
    SSL_free(session)
  }

  /// Says whom it expects: by SNI, which is for names alone, and in the certificate.
  private static func name(_ session: OpaquePointer, _ name: String, isVerified: Bool) -> Bool {
    let parameters = SSL_get0_param(session)
    guard let address = Address(name) else {
      guard nexus_tls_set_name(session, name) == 1 else { return false }
      X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
      return !isVerified || X509_VERIFY_PARAM_set1_host(parameters, name, name.utf8.count) == 1
    }
    let bytes = address.networkBytes
    return !isVerified || X509_VERIFY_PARAM_set1_ip(parameters, bytes, bytes.count) == 1
  }

  /// Takes what was received.
  func receive(_ bytes: UnsafeRawBufferPointer) throws(ProbeError) {
    guard let first = bytes.first else { return }
    if !hasReceived {
      hasReceived = true
      // The first record is the server's part of the handshake, or an alert (RFC 8446 §5.1).
      guard first == 22 || first == 21 else { throw .tls("the server does not speak TLS") }
    }
    guard BIO_write(input, bytes.baseAddress, Int32(clamping: bytes.count)) == bytes.count else {
      throw .tls("out of memory")
    }
  }

  /// Goes on with the handshake; `isEstablished` says when it is done.
  func shakeHands() throws(ProbeError) {
    ERR_clear_error()
    let result = SSL_do_handshake(session)
    guard result != 1 else {
      isEstablished = true
      return
    }
    if SSL_get_error(session, result) == SSL_ERROR_WANT_READ { return }
    let verdict = SSL_get_verify_result(session)
    if isVerified, verdict != Int(X509_V_OK), let text = X509_verify_cert_error_string(verdict) {
      throw .tls(String(cString: text))
    }
    throw .tls(Self.reason() ?? "the handshake failed")
  }

  /// Takes what is to be sent to the server, once the session is established.
  func write(_ bytes: [UInt8]) throws(ProbeError) {
    ERR_clear_error()
    // Memory takes all of it at once.
    guard SSL_write(session, bytes, Int32(clamping: bytes.count)) == bytes.count else {
      throw .tls(Self.reason() ?? "sending failed")
    }
  }

  /// What the server said, once the session is established.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(ProbeError) -> Reading {
    ERR_clear_error()
    let count = SSL_read(session, buffer.baseAddress, Int32(clamping: buffer.count))
    guard count <= 0 else { return .count(Int(count)) }
    switch SSL_get_error(session, count) {
    case SSL_ERROR_WANT_READ: return .blocked
    case SSL_ERROR_ZERO_RETURN: return .ended
    default: throw .tls(Self.reason() ?? "reading failed")
    }
  }

  /// Says that nothing follows.
  func end() {
    ERR_clear_error()
    if isEstablished { SSL_shutdown(session) }
  }

  /// The bytes that are to be sent now.
  func takeOutput() -> [UInt8] {
    let count = BIO_ctrl_pending(output)
    guard count > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = Int(max(BIO_read(output, buffer.baseAddress, Int32(clamping: count)), 0))
    }
  }

  /// The library's own words for its last error.
  static func reason() -> String? {
    let code = ERR_peek_last_error()
    guard code != 0, let text = ERR_reason_error_string(code) else { return nil }
    return String(cString: text)
  }
}
