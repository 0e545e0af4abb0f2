import CAvahi

/// A call into libavahi-client that failed.
package struct AvahiError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The C function.
  package let operation: String
  /// One of AVAHI_ERR_… (avahi-common/error.h).
  package let code: Int
  /// True when it took so long that avahi-daemon must be hanging: it may have done, unknown to us,
  /// what was asked.
  package let didHang: Bool

  package init(operation: String, code: Int, didHang: Bool = false) {
    self.operation = operation
    self.code = code
    self.didHang = didHang
  }

  /// The library's own text.
  package var text: String { String(cString: avahi_strerror(Int32(code))) }

  package var description: String { "\(operation): \(text)" }

  /// The client has as many objects as the daemon allows it (`objects-per-client-max`, 1024).
  var isClientFull: Bool { code == AVAHI_ERR_TOO_MANY_OBJECTS }

  /// No client gets another object, nor is there another client (`clients-max`).
  var isOutOfObjects: Bool {
    isClientFull || code == AVAHI_ERR_TOO_MANY_CLIENTS
  }

  /// No further call on this client makes sense.
  var isFatal: Bool {
    didHang
      || [AVAHI_ERR_DISCONNECTED, AVAHI_ERR_NO_DAEMON, AVAHI_ERR_BAD_STATE].contains(code)
  }
}
