import Foundation

/// A network, mount, host-name and process namespace of its own.
///
/// It has no name and no trace outside: it lives as long as its first process, and that one until the
/// input pipe that only this process holds is closed. However the tests end, be it by SIGKILL, the
/// kernel then ends all its processes and takes its interfaces away.
final class Namespace: Sendable {
  private static let environment = [
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8", "HOME": "/root", "TZ": "UTC",
  ]

  private let name: String
  private let niceness: Int
  private let holder: LabProcess

  /// Makes one and runs the shell script `setup` in it. What is started inside has this niceness
  /// (nice(1)).
  init(_ name: String, niceness: Int, setup: String) async throws {
    self.name = name
    self.niceness = niceness
    holder = try LabProcess(
      [
        "/usr/bin/unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--kill-child",
        "--mount-proc", "sh", "-ec", "hostname \(name)\n\(setup)\necho ready; exec cat",
      ],
      title: "namespace of \(name)", environment: Self.environment, announcesPID: false)
    try await holder.line(containing: "ready")
  }

  /// What `ip` takes for the namespace: `ip link set X netns HERE`.
  var netns: String { String(holder.spawnedPID) }

  /// Starts a program inside; it is ended with the namespace at the latest.
  func spawn(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> LabProcess {
    // The shell tells the id that the process has inside, where signals are sent from.
    let prefix = ["sh", "-c", #"echo $$; exec "$@""#, "sh"]
    let polite = niceness == 0 ? [] : ["/usr/bin/nice", "--adjustment=\(niceness)"]
    // Step by step: Swift 6.0.3 gives up on the sum.
    var command: [String] = polite + ["/usr/bin/nsenter"]
    command += joining(["--mount", "--uts", "--net"])
    command += ["--pid=/proc/\(netns)/ns/pid_for_children", "--"]
    command += prefix + arguments
    return try LabProcess(
      command,
      title: "\(name)$ \(arguments.joined(separator: " "))",
      environment: Self.environment.merging(environment) { $1 }, announcesPID: true)
  }

  /// Runs `ip` on the namespace's network, from outside its process namespace, so that the process
  /// ids of other namespaces mean something to it.
  func ip(_ arguments: String...) async throws {
    let process = try LabProcess(
      ["/usr/bin/nsenter"] + joining(["--net"]) + ["--", "ip"] + arguments,
      title: "\(name)$ ip \(arguments.joined(separator: " "))", environment: Self.environment,
      announcesPID: false)
    process.closeInput()
    guard try await process.exit() == .status(0) else {
      throw LabError("\(process.title): \(process.text(of: .errors))")
    }
  }

  /// Ends everything inside.
  func close() async {
    holder.closeInput()
    _ = try? await holder.exit()
  }

  private func joining(_ namespaces: [String]) -> [String] {
    ["--target", netns] + namespaces
  }
}
