import Foundation

/// Clients of `/v1/watch` inside a host, and someone who changes what they watch: reloads with other
/// static backends, hundreds at a time, which is quicker than any network.
///
/// All of it is one program, so that it knows what each watcher must have seen.
enum WatcherCrowd {
  /// Where it puts the configurations, which the daemon must have been started with.
  static let configuration = "/run/nexus.toml"

  /// What `mode` reports after it ran to its end against `daemon`.
  static func run<Report: Decodable>(
    _ mode: String, against daemon: Daemon, as report: Report.Type, within limit: Duration
  ) async throws -> Report {
    let pid = try await daemon.process.pid
    let result = try await daemon.host.run(
      [
        "/usr/bin/python3", "-c", script, Daemon.socket, String(pid), configuration,
        LabAvailability.binary, mode,
      ], within: limit)
    guard result.status == .status(0) else {
      throw LabError("\(mode): \(result.status)\n\(result.output)\n\(result.errors)")
    }
    return try LabJSON.decode(report, from: result.output)
  }

  private static let script = #"""
    import http.client, json, os, resource, selectors, signal, socket, subprocess, sys, time

    path, pid, configuration, binary, mode = sys.argv[1:]
    pid = int(pid)
    basis = open(configuration).read()

    class API(http.client.HTTPConnection):
      def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(path)

    def get(what):
      api = API("localhost")
      api.request("GET", what)
      answer = json.loads(api.getresponse().read())
      api.close()
      return answer

    class Watcher:
      """Keeps the set that the stream tells, and checks that no revision is missing."""
      def __init__(self):
        self.set, self.revision, self.snapshots, self.events, self.resumed = {}, None, 0, 0, 0
        self.isReading, self.sock = True, None
        self.open()

      def open(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        resume = ""
        if self.revision is not None:
          resume = f"Last-Event-ID: {self.revision}\r\n"
          self.resumed += 1
        self.sock.sendall(f"GET /v1/watch HTTP/1.1\r\nHost: x\r\n{resume}\r\n".encode())
        self.rest, self.hasHead = b"", False
        selector.register(self.sock, selectors.EVENT_READ, self)

      def close(self):
        selector.unregister(self.sock)
        self.sock.close()

      def pause(self, isPaused):
        self.isReading = not isPaused
        if isPaused: selector.unregister(self.sock)
        else: selector.register(self.sock, selectors.EVENT_READ, self)

      def read(self):
        bytes = self.sock.recv(1 << 20)
        assert bytes, f"the stream ended at {self.revision}"
        self.rest += bytes
        if not self.hasHead:
          head, found, rest = self.rest.partition(b"\r\n\r\n")
          if not found: return
          assert head.startswith(b"HTTP/1.1 200 "), head
          self.rest, self.hasHead = rest, True
        *whole, self.rest = self.rest.split(b"\n\n")
        for event in whole: self.take(event)

      def take(self, event):
        if event == b":": return
        kind, revision, data = event.split(b"\n")
        kind, revision = kind.decode()[7:], int(revision[4:])
        data = json.loads(data[6:])
        self.events += 1
        if kind == "snapshot":
          assert data["revision"] == revision
          assert self.snapshots == 0 or revision > self.revision, "a snapshot of what is known"
          self.set = {one["id"]: one for one in data["backends"]}
          self.snapshots += 1
        else:
          assert revision == self.revision + 1, f"{revision} after {self.revision}"
          if kind == "removed": del self.set[data["id"]]
          else: self.set[data["id"]] = data
          self.last = data["name"]
        self.revision = revision

      def names(self): return {one["name"] for one in self.set.values()}

    class Command:
      """The set that the lines of `watch --json` add up to."""
      def __init__(self):
        self.process = subprocess.Popen([binary, "watch", "--json"], stdout=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.set, self.revision, self.rest, self.kinds = {}, None, b"", {}
        selector.register(self.process.stdout, selectors.EVENT_READ, self)

      def read(self):
        bytes = self.process.stdout.read(1 << 20)
        assert bytes, "watch ended"
        *whole, self.rest = (self.rest + bytes).split(b"\n")
        for line in map(json.loads, whole):
          kind, one, self.revision = line["event"], line["backend"], line["revision"]
          self.kinds[kind] = self.kinds.get(kind, 0) + 1
          if kind == "removed": del self.set[one["id"]]
          else: self.set[one["id"]] = one

      def names(self): return {one["name"] for one in self.set.values()}

    def serve(until):
      end = time.monotonic() + 60
      while not until():
        assert time.monotonic() < end, "nothing more comes"
        for key, _ in selector.select(1): key.data.read()

    def reload(servers):
      """Has the daemon take `servers`, as (name, number of the server)."""
      with open(configuration + ".new", "w") as file:
        file.write(basis)
        for name, number in servers:
          host, port = number % 250, 1000 + number // 250
          file.write(f'[[backends]]\nname = "{name}"\nurl = "http://192.0.2.{host}:{port}"\n')
      os.rename(configuration + ".new", configuration)
      os.kill(pid, signal.SIGHUP)

    def memory():
      """KiB that are the process's own."""
      for line in open(f"/proc/{pid}/smaps_rollup"):
        if line.startswith("Anonymous:"): return int(line.split()[1])

    def processorTime():
      """Milliseconds."""
      fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
      return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")

    selector = selectors.DefaultSelector()

    def three():
      steady, breaking, slow, command = Watcher(), Watcher(), Watcher(), Command()
      everyone = [steady, breaking, slow, command]
      serve(lambda: all(one.revision for one in everyone))
      first, broken = steady.revision, 0
      for turn in range(18):
        # 100 go, 100 come, 400 get another name.
        servers = [(f"server-{number}-{turn}", number) for number in range(100 * turn, 100 * turn + 500)]
        names = {name for name, _ in servers} | {"marker"}
        if turn == 3: slow.pause(True)
        reload(servers)
        if turn % 2:
          # In the midst of what comes; and what comes meanwhile is told afterwards.
          middle = breaking.revision + 50 + 20 * turn
          serve(lambda: breaking.revision >= middle)
          breaking.close()
          serve(lambda: steady.names() == names)
          breaking.open()
        present = [one for one in everyone if one is not slow or turn not in range(3, 9)]
        serve(lambda: all(one.names() == names for one in present))
        if turn == 8: slow.pause(False)
      # More than the ring keeps passed while it did not read: it missed some and got a snapshot.
      serve(lambda: all(one.revision == steady.revision for one in everyone))
      listed = get("/v1/backends")
      expected = {one["id"]: one for one in listed["backends"]}
      print(json.dumps({
        "changes": steady.revision - first, "revision": listed["revision"],
        "revisions": [one.revision for one in everyone],
        "equal": [one.set == expected for one in everyone], "count": len(expected),
        "snapshots": [one.snapshots for one in (steady, breaking, slow)],
        "resumed": breaking.resumed, "kinds": command.kinds}))
      command.process.kill()

    class Counter:
      """A watcher of whom only the bytes are counted."""
      def __init__(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.sock.sendall(b"GET /v1/watch HTTP/1.1\r\nHost: x\r\n\r\n")
        self.tail, self.at, self.isReading = b"", 0, True
        selector.register(self.sock, selectors.EVENT_READ, self)

      def read(self):
        bytes = self.sock.recv(1 << 20)
        assert bytes, "the stream ended"
        self.tail, self.at = (self.tail + bytes)[-4096:], time.monotonic()

      def has(self, name): return f'"name":"{name}"'.encode() in self.tail

    def crowd():
      most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
      resource.setrlimit(resource.RLIMIT_NOFILE, (4096, most))
      count, servers = 1000, [(f"server-{number}", number) for number in range(100)]
      reload(servers)
      warm = Watcher()
      serve(lambda: len(warm.names()) == 101)
      # What is allocated once, for whatever number of watchers, is allocated.
      for turn in range(3):
        reload([(f"warm-{turn}-{number}", number) for number in range(100)])
        serve(lambda: f"warm-{turn}-99" in warm.names() and len(warm.names()) == 101)
      reload(servers)
      serve(lambda: "server-99" in warm.names() and "server-0" in warm.names())
      def everyone(): return [key.data for key in list(selector.get_map().values())]
      before = memory()
      watchers = []
      for _ in range(count // 50):
        some = [Counter() for _ in range(50)]
        watchers += some
        serve(lambda: all(one.tail.endswith(b"]}\n\n") for one in some))
      idle = memory()
      spread = []
      for turn in range(5):
        name = f"one-{turn}"
        reload(servers + [(name, 5000)])
        serve(lambda: all(one.has(name) for one in watchers))
        moments = [one.at for one in watchers]
        spread.append(1000 * (max(moments) - min(moments)))
      changes, used, start = 0, processorTime(), time.monotonic()
      for turn in range(10):
        first = warm.revision
        names = [(f"many-{turn}-{number}", number) for number in range(100)]
        reload(names)
        serve(lambda: {name for name, _ in names} <= warm.names() and len(warm.names()) == 101)
        serve(lambda: all(one.has(warm.last) for one in watchers))
        changes += warm.revision - first
      used, took = processorTime() - used, time.monotonic() - start
      busy = memory()
      print(json.dumps({
        "idle": (idle - before) / count, "busy": (busy - before) / count,
        "spread": sorted(spread)[2], "changes": changes, "processorTime": used,
        "took": took, "watchers": len(watchers)}))

    {"three": three, "crowd": crowd}[mode]()
    """#
}
