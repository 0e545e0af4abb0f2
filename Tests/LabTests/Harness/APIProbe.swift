import Foundation

/// A client inside the host that asks the daemon's API ten times a second and measures each answer,
/// which a new process for each question would not let it.
struct APIProbe: Sendable {
  /// How long the answers took, in milliseconds.
  struct Times: Decodable, Sendable {
    let count: Int
    let median: Double
    let maximum: Double
    /// How many took longer than 100 ms.
    let late: Int
  }

  struct Report: Decodable, Sendable {
    let list: Times
    let status: Times
    /// From the connection to the end of the first snapshot.
    let watch: Times
    /// How long a sleep of 1 ms took, the machine's own part in all of these.
    let idle: Times
  }

  /// The daemon's own threads go before all others as those of the probe do: how long it takes to
  /// answer is asked, not how much else the machine has to do.
  private static let script = """
    import http.client, json, os, select, socket, sys, time

    class API(http.client.HTTPConnection):
      def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(sys.argv[1])

    def get(path, read):
      api = API("localhost")
      api.request("GET", path)
      answer = api.getresponse()
      assert answer.status == 200, answer.status
      content = read(answer)
      api.close()
      return content

    def snapshot(answer):
      lines = []
      while not lines or lines[-1] != b"\\n": lines.append(answer.readline())
      assert lines[0] == b"event: snapshot\\n", lines[0]

    kinds = {
      "list": lambda: get("/v1/backends", lambda answer: json.loads(answer.read())),
      "status": lambda: get("/v1/status", lambda answer: json.loads(answer.read())),
      "watch": lambda: get("/v1/watch", snapshot),
      "idle": lambda: time.sleep(0.001),
    }
    times = {kind: [] for kind in kinds}
    told = None
    for thread in [0] + [int(one) for one in os.listdir(f"/proc/{sys.argv[2]}/task")]:
      # A thread that had nothing to do may end meanwhile.
      try: os.setpriority(os.PRIO_PROCESS, thread, -15)
      except ProcessLookupError: pass
    while not select.select([sys.stdin], [], [], 0.1)[0]:
      for kind, ask in kinds.items():
        start = time.monotonic()
        answer = ask()
        times[kind].append(1000 * (time.monotonic() - start))
        if kind == "status":
          mdns = next(one for one in answer["sources"] if one["source"] == "mdns")
          state = f"{mdns['state']}: {mdns['last_error']}"
          if state != told: print("mdns", state, flush=True)
          told = state
    print(json.dumps({
      kind: {"count": len(some), "median": sorted(some)[len(some) // 2], "maximum": max(some),
             "late": sum(one > 100 for one in some)}
      for kind, some in times.items()}), flush=True)
    """

  let process: LabProcess

  fileprivate init(of daemon: Daemon) async throws {
    process = try daemon.host.spawn([
      "/usr/bin/python3", "-c", Self.script, Daemon.socket, String(try await daemon.process.pid),
    ])
  }

  /// Waits until the status says this of the source mdns, as "down: avahi-daemon is not running".
  func mdnsIs(_ state: String, within limit: Duration) async throws {
    try await process.line(containing: "mdns \(state)", within: limit)
  }

  /// Ends it; what it measured.
  func stop() async throws -> Report {
    process.closeInput()
    try await process.exit()
    guard let last = process.lines.last(where: { $0.stream == .output }) else {
      throw LabError("the probe measured nothing: \(process.text(of: .errors))")
    }
    return try LabJSON.decode(Report.self, from: last.text)
  }
}

extension Daemon {
  /// Begins to measure its answers.
  func probe() async throws -> APIProbe {
    let probe = try await APIProbe(of: self)
    try await probe.process.line(containing: "mdns ")
    return probe
  }
}
