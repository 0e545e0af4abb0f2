import Foundation

/// A host of the lab: its own network, host name, /run and processes.
actor LabHost {
  nonisolated let name: String
  nonisolated let namespace: Namespace
  /// The addresses that it was given, one per interface.
  private(set) var ipv4: [String] = []
  private var bus: LabProcess?
  private var avahi: LabProcess?

  /// What makes a namespace a host. Duplicate address detection is off: a link-local address is there
  /// at once.
  static let setup = """
    mount -t tmpfs tmpfs /run
    mkdir -p /run/dbus /run/avahi-daemon /run/nexus-discovery
    for scope in all default; do
      echo 0 > /proc/sys/net/ipv6/conf/$scope/disable_ipv6
      echo 0 > /proc/sys/net/ipv6/conf/$scope/accept_dad
      echo 0 > /proc/sys/net/ipv6/conf/$scope/accept_ra
    done
    ip link set lo up
    """

  init(name: String, namespace: Namespace) {
    self.name = name
    self.namespace = namespace
  }

  // MARK: Programs

  struct Output: Sendable {
    let status: LabProcess.Exit
    let output: String
    let errors: String
  }

  /// Runs a program to its end.
  func run(
    _ arguments: [String], input: String? = nil, within limit: Duration = .seconds(60)
  ) async throws -> Output {
    let process = try namespace.spawn(arguments)
    if let input { process.send(input) }
    process.closeInput()
    let status = try await process.exit(within: limit)
    return Output(
      status: status, output: process.text(of: .output), errors: process.text(of: .errors))
  }

  /// Runs a program that must succeed, and returns its output.
  @discardableResult
  func succeed(_ arguments: String..., input: String? = nil) async throws -> String {
    let result = try await run(arguments, input: input)
    guard result.status == .status(0) else {
      throw LabError("\(name)$ \(arguments.joined(separator: " ")): \(result.errors)")
    }
    return result.output
  }

  /// Starts a program that goes on.
  nonisolated func spawn(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> LabProcess {
    try namespace.spawn(arguments, environment: environment)
  }

  /// Writes a file, on the host's own /run.
  func write(_ text: String, to path: String) async throws {
    try await succeed("sh", "-c", #"mkdir -p "${1%/*}" && cat > "$1""#, "sh", path, input: text)
  }

  /// Sends a signal by name: "TERM", "KILL", "STOP", "CONT", "HUP".
  func signal(_ name: String, _ process: LabProcess) async throws {
    try await succeed("sh", "-c", "kill -s \(name) \(process.pid)")
    // nsenter stops and continues along with what it runs.
    if name == "CONT" { kill(process.spawnedPID, SIGCONT) }
  }

  /// Sends SIGINT to the group that a process leads, as Ctrl-C does.
  func interrupt(_ leader: LabProcess) async throws {
    try await succeed("sh", "-c", "kill -s INT -- -\(leader.pid)")
  }

  /// Ends a process as its user would, and waits for its end.
  @discardableResult
  func stop(_ process: LabProcess, within limit: Duration = .seconds(30)) async throws
    -> LabProcess.Exit
  {
    try await signal("TERM", process)
    return try await process.exit(within: limit)
  }

  /// Ends a process by a signal; how long it took from the signal to its end. Who sends the one sees the
  /// other, before all others: a busy machine takes its time to start it, and to tell of it here.
  func timeToStop(
    _ process: LabProcess, by signal: String = "TERM"
  ) async throws -> (exit: LabProcess.Exit, took: Duration) {
    let script = """
      import os, select, signal, sys, time
      os.setpriority(os.PRIO_PROCESS, 0, -15)
      pid, number = int(sys.argv[1]), signal.Signals["SIG" + sys.argv[2]]
      end = select.poll()
      end.register(os.pidfd_open(pid), select.POLLIN)
      start = time.monotonic()
      os.kill(pid, number)
      end.poll()
      print(time.monotonic() - start)
      """
    let pid = try await process.pid
    let told = try await succeed("/usr/bin/python3", "-c", script, String(pid), signal)
    guard let seconds = Double(told) else { throw LabError("no time: \(told)") }
    return (try await process.exit(), .seconds(seconds))
  }

  // MARK: Network

  func note(ipv4 address: String) {
    ipv4.append(address)
  }

  /// Its IPv4 address on its first interface.
  var address: String { ipv4.first ?? "" }

  func setLink(_ interface: String, up: Bool) async throws {
    try await namespace.ip("link", "set", interface, up ? "up" : "down")
  }

  /// Adds an address in CIDR form.
  func addAddress(_ address: String, to interface: String) async throws {
    try await namespace.ip("address", "add", address, "dev", interface)
  }

  func removeAddress(_ address: String, from interface: String) async throws {
    try await namespace.ip("address", "delete", address, "dev", interface)
  }

  /// The address that the kernel gave `interface`, without a zone.
  func linkLocalAddress(on interface: String) async throws -> String {
    let words = try await succeed(
      "ip", "-brief", "-6", "address", "show", "dev", interface, "scope", "link"
    ).split(whereSeparator: \.isWhitespace)
    guard let address = words.dropFirst(2).first?.prefix(while: { $0 != "/" }) else {
      throw LabError("\(name) has no link-local address on \(interface)")
    }
    return String(address)
  }

  /// Drops all multicast DNS that arrives, until `letMulticastPass()`.
  func dropMulticast() async throws {
    let rules =
      "table inet lab { chain input {"
      + " type filter hook input priority 0; udp dport 5353 drop; }; }"
    try await succeed("nft", rules)
  }

  func letMulticastPass() async throws {
    try await succeed("nft", "delete table inet lab")
  }

  // MARK: Bus and avahi-daemon

  /// With a configuration of one's own at `path`, or the machine's.
  func startBus(configuration path: String? = nil) async throws {
    let process = try spawn([
      "dbus-daemon", path.map { "--config-file=\($0)" } ?? "--system", "--nofork", "--nopidfile",
      "--print-address=1",
    ])
    try await process.line(containing: "unix:path=")
    bus = process
  }

  /// Returns when avahi-daemon has established its host name; `configuration` are lines for the
  /// section [server] of its file.
  func startAvahi(configuration: String = "") async throws {
    let text = """
      [server]
      use-ipv4=yes
      use-ipv6=yes
      \(configuration)
      [publish]
      publish-workstation=no
      publish-hinfo=no
      """
    // In the place of the machine's own, where it is looked for.
    let path = "/run/avahi-daemon.conf"
    try await write(text, to: path)
    try await succeed(
      "sh", "-c", #"mountpoint -q "$2" || mount --bind "$1" "$2""#, "sh", path,
      "/etc/avahi/avahi-daemon.conf")
    let process = try spawn(["avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits"])
    try await process.line(containing: "Server startup complete")
    avahi = process
  }

  /// SIGKILL: no goodbye leaves the host.
  func killAvahi() async throws {
    guard let process = avahi else { throw LabError("\(name) has no avahi-daemon") }
    avahi = nil
    try await signal("KILL", process)
    try await process.exit()
  }

  /// SIGKILL for the bus; avahi-daemon ends with its bus, which is helped along where it does not: about
  /// once in a hundred times Avahi 0.8's main loop spins for ever on the dead connection.
  func killBus() async throws {
    guard let process = bus else { throw LabError("\(name) has no bus") }
    bus = nil
    try await signal("KILL", process)
    try await process.exit()
    guard let avahi else { return }
    self.avahi = nil
    if (try? await avahi.exit(within: .seconds(5))) != nil { return }
    // It may have ended just now after all.
    _ = try await run(["sh", "-c", "kill -s KILL \(avahi.pid)"])
    try await avahi.exit()
  }

  /// Stops avahi-daemon where it stands (SIGSTOP), or lets it go on.
  func freezeAvahi(_ isFrozen: Bool) async throws {
    guard let avahi else { throw LabError("\(name) has no avahi-daemon") }
    try await signal(isFrozen ? "STOP" : "CONT", avahi)
  }
}
