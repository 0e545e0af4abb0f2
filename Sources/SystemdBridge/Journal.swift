import CSystemd
import Glibc

/// The system's journal (systemd-journald.service(8)), written to in its native protocol.
package enum Journal {
  private static let socketPath = "/run/systemd/journal/socket"

  /// True when journald listens on this machine; without it `send` succeeds and does nothing.
  package static var isAvailable: Bool {
    access(socketPath, F_OK) == 0
  }

  /// True when what is written to standard error goes to the journal already, as systemd arranges
  /// it for services: records in the native protocol then belong in the same place.
  package static var stderrIsJournal: Bool {
    var status = stat()
    guard let stream = getenv("JOURNAL_STREAM"), fstat(STDERR_FILENO, &status) == 0 else {
      return false
    }
    return isStream(
      String(cString: stream), device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  /// True when JOURNAL_STREAM, `text`, names the file with these numbers: `8:12345`
  /// (systemd.exec(5)). A program that redirected its output is told apart by it.
  package static func isStream(_ text: String, device: UInt64, inode: UInt64) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count == 2 && UInt64(parts[0]) == device && UInt64(parts[1]) == inode
  }

  /// Writes one record (sd_journal_sendv(3)); a name may occur more than once.
  ///
  /// It waits only when journald is so far behind that the socket's buffer of 8 MB is full.
  package static func send(_ fields: [JournalField]) throws(SystemdFailure) {
    let assignments = fields.map(\.assignment)
    // One block of memory for all of them, which libsystemd reads only during the call.
    var bytes = assignments.flatMap { $0 }
    let code = bytes.withUnsafeMutableBytes { buffer -> Int32 in
      var start = 0
      let vectors = assignments.map { assignment in
        defer { start += assignment.count }
        return iovec(
          iov_base: buffer.baseAddress?.advanced(by: start), iov_len: assignment.count)
      }
      return sd_journal_sendv(vectors, Int32(vectors.count))
    }
    guard code >= 0 else { throw SystemdFailure(operation: "sd_journal_sendv", code: -code) }
  }
}
