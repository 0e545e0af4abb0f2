import Foundation
import Testing

/// Whether this machine can hold a lab.
enum LabAvailability {
  /// The lab needs root, for namespaces. With `NEXUS_LAB=require` it is never skipped: what is
  /// missing then fails each test.
  static var isSkipped: Bool { obstacle != nil && !isRequired }

  /// What is missing fails tests, where otherwise they are skipped.
  private static var isRequired: Bool {
    ProcessInfo.processInfo.environment["NEXUS_LAB"] == "require"
  }

  static func require() throws {
    if let obstacle { throw LabError("the lab cannot be set up: \(obstacle)") }
  }

  private static let obstacle: String? = {
    guard geteuid() == 0 else { return "it needs root" }
    let needed = [
      "/usr/bin/unshare", "/usr/bin/nsenter", "/usr/bin/dbus-daemon", "/usr/sbin/avahi-daemon",
      "/usr/bin/avahi-publish", "/usr/bin/avahi-browse", "/usr/bin/python3", "/usr/sbin/nft",
      "/usr/bin/cc", "/usr/bin/openssl", "/usr/bin/curl", "/usr/bin/setpriv",
      "/usr/bin/prometheus", "/usr/bin/promtool",
    ]
    let missing = needed.filter { access($0, X_OK) != 0 }
    guard missing.isEmpty else { return "it needs \(missing.joined(separator: ", "))" }
    return nil
  }()

  /// The daemon under test: `NEXUS_BINARY`, else the debug build of this tree.
  static let binary: String = {
    if let path = ProcessInfo.processInfo.environment["NEXUS_BINARY"] { return path }
    return URL(fileURLWithPath: #filePath).appendingPathComponent(
      "../../../../.build/debug/nexus-discovery"
    ).standardized.path
  }()
}

/// All tests of the lab: one after the other, since two hosts and their daemons fill a small machine
/// and several of them measure time.
@Suite(
  .serialized,
  .disabled(
    if: LabAvailability.isSkipped,
    "the lab needs root for its network namespaces: run \"sudo make test-lab\""))
enum LabTests {}

/// Tests of the lab that mostly wait, for minutes some of them: they run beside the others and beside
/// one another. Those that do not wait but work give way (`withLab`).
@Suite(
  .disabled(
    if: LabAvailability.isSkipped,
    "the lab needs root for its network namespaces: run \"sudo make test-lab\""))
enum PatientLabTests {}
