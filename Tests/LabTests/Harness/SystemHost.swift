import Foundation
import Testing

/// A host of the lab that is booted: a Debian of its own with systemd as its first process.
struct SystemHost: Sendable {
  /// Where its network and its processes are; what it runs itself is outside of the booted system.
  let outside: LabHost
  /// The booted system's first process, as the processes of `outside` number it.
  private let leader: String
  private let root: String

  var name: String { outside.name }

  /// The file system that hosts begin with, from `tools/make-base-image`.
  private static let base = ProcessInfo.processInfo.environment["NEXUS_SYSTEM_BASE"]
  /// The Debian package under test.
  static let package = ProcessInfo.processInfo.environment["NEXUS_PACKAGE"]

  /// An overlay over the base in memory; nothing of it is left behind. Its control groups are in one
  /// of its own, where the kernel's older or newer hierarchy is.
  private static let boot = #"""
    name=$1 base=$2 dir=$3
    mkdir -p "$dir"
    mount -t tmpfs tmpfs "$dir"
    mkdir "$dir/upper" "$dir/work" "$dir/root"
    mount -t overlay overlay -o "lowerdir=$base,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
    echo "$name" > "$dir/root/etc/hostname"
    for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
      [ -e "$hierarchy/cgroup.procs" ] || continue
      mkdir -p "$hierarchy/nexus-lab-$name-$$"
      echo 0 > "$hierarchy/nexus-lab-$name-$$/cgroup.procs"
    done
    exec systemd-nspawn --machine="$name" --directory="$dir/root" --register=no --keep-unit --boot \
      --resolv-conf=off --timezone=off --console=pipe
    """#

  /// Boots a system on `host`; returns when all its units are up.
  init(booting host: LabHost) async throws {
    let base = try #require(Self.base)
    outside = host
    let directory = "/run/system"
    root = directory + "/root"
    let nspawn = try host.spawn(["sh", "-ec", Self.boot, "sh", host.name, base, directory])
    let parent = try await nspawn.pid
    leader = try await eventually(within: .seconds(30), "\(host.name) to start") {
      guard nspawn.isRunning else { throw LabError(nspawn.text(of: .errors)) }
      let children = try await host.run(["pgrep", "--parent", "\(parent)", "--exact", "systemd"])
      return children.output.split(separator: "\n").first.map(String.init)
    }
    _ = try await eventually(within: .seconds(60), "\(host.name) to be up") { () -> Bool? in
      let state = try await run("systemctl", "is-system-running", "--wait")
      return state.output.hasPrefix("running") ? true : nil
    }
  }

  /// Ends it at once, as a power cut does.
  func cutPower() async throws {
    try await outside.succeed("sh", "-c", "kill -s KILL \(leader)")
  }

  /// Removes the control groups that ended hosts left behind.
  static func removeControlGroups() async throws {
    let script = """
      find /sys/fs/cgroup -depth -type d -path '*/nexus-lab-*' -exec rmdir {} + 2>/dev/null || true
      """
    let process = try LabProcess(
      ["/bin/sh", "-c", script], title: "control groups",
      environment: ["PATH": "/usr/bin:/bin"], announcesPID: false)
    try await process.exit()
  }

  // MARK: Commands

  private func inside(_ arguments: [String]) -> [String] {
    [
      "nsenter", "--target", leader, "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup",
      "--",
    ]
      + arguments
  }

  /// Runs a program inside to its end.
  @discardableResult
  func run(
    _ arguments: String..., input: String? = nil, within limit: Duration = .seconds(60)
  ) async throws -> LabHost.Output {
    try await outside.run(inside(arguments), input: input, within: limit)
  }

  /// Runs a shell script inside that must succeed; its output.
  @discardableResult
  func sh(_ script: String, within limit: Duration = .seconds(60)) async throws -> String {
    let result = try await run("sh", "-ec", script, within: limit)
    guard result.status == .status(0) else {
      throw LabError("\(name)# \(script)\n\(result.output)\n\(result.errors)")
    }
    return result.output
  }

  /// Writes a file inside.
  func write(_ text: String, to path: String) async throws {
    let result = try await run("sh", "-c", #"cat > "$1""#, "sh", path, input: text)
    guard result.status == .status(0) else { throw LabError("\(path): \(result.errors)") }
  }

  /// Brings a file of this machine to the same path inside.
  func copy(_ path: String, to target: String) async throws {
    try await outside.succeed("cp", path, root + target)
  }

  // MARK: The service

  /// Installs a package from a file inside, as its user would.
  func install(_ path: String) async throws {
    try await sh(
      "DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends"
        + " --option Dpkg::Options::=--force-confdef \(path)", within: .seconds(120))
  }

  /// What `nexus-discovery list` says, by name.
  func list() async throws -> [String: ListedBackend] {
    let result = try await run("nexus-discovery", "list", "--json")
    guard result.status == .status(0) else { throw LabError("\(name): \(result.errors)") }
    let backends = try LabJSON.decode([ListedBackend].self, from: result.output)
    return Dictionary(backends.map { ($0.name, $0) }) { first, _ in first }
  }

  /// The journal's records of the service that fit, each with its fields.
  func journal(_ matches: String...) async throws -> [[String: String]] {
    let script =
      "journalctl --unit nexus-discovery --quiet --output json --no-pager "
      + matches.joined(separator: " ")
    return try await sh(script).split(separator: "\n").map {
      let object = try JSONSerialization.jsonObject(with: Data($0.utf8))
      return (object as? [String: Any] ?? [:]).compactMapValues { $0 as? String }
    }
  }

  /// One property of the service, as `systemctl show` tells it.
  func property(_ name: String) async throws -> String {
    try await sh("systemctl show --value --property \(name) nexus-discovery")
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// The tests of the package on booted hosts: "make e2e".
@Suite(
  .serialized,
  .disabled(
    if: LabAvailability.isSkipped || SystemHost.package == nil,
    "no package to install: run \"sudo make e2e\""))
enum SystemTests {}
