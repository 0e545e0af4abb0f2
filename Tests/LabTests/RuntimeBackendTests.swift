import Foundation
import Testing

extension PatientLabTests {
  @Suite("Runtime backends and restarts", .timeLimit(.minutes(5)))
  struct RuntimeBackends {
    private static let state = "/run/state"
    private static let file = state + "/state.json"

    private static let configuration = Daemon.configuration(grace: 15)

    @Test("what was known is there at once after a restart: added ones for good, others stale")
    func restart() async throws {
      try await withTwoHosts { alpha, beta in
        let first = try await beta.startDaemon(Self.configuration, state: Self.state)
        _ = try await alpha.publish("stays", "_ollama._tcp", 11434, ["version=0.5.7"])
        let going = try await alpha.publish("goes", "_ollama._tcp", 11435)
        _ = try await eventually(within: .seconds(40), "all with both addresses") { () -> Bool? in
          let list = try await first.list()
          return list.count == 2 && list.allSatisfy { $0.addresses.count == 2 } ? true : nil
        }
        // The last of all: a file that says it says the others as they are now.
        #expect(
          try await first.command("add", "http://10.9.9.9:1", "--name", "mine").output
            == "added mine at http://10.9.9.9:1/v1")
        let known = try await first.list()
        try await saved(on: beta, "stays", "goes", "mine")
        try await beta.signal("KILL", first.process)
        try await first.process.exit()
        try await going.withdraw()

        // Nothing is heard of them until avahi-daemon goes on.
        try await beta.freezeAvahi(true)
        let second = try await beta.startDaemon(Self.configuration, state: Self.state)
        let began = Date()
        let restored = try await second.list()
        #expect(restored.map(\.name).sorted() == ["goes", "mine", "stays"])
        for backend in restored {
          let before = try #require(known.first { $0.name == backend.name })
          #expect(backend.id == before.id && backend.firstSeen == before.firstSeen)
          #expect(backend.status == "unknown" && backend.addresses == before.addresses)
          #expect(backend.url == before.url && backend.txt == before.txt)
          #expect(backend.stale == (backend.name != "mine"))
          #expect((backend.expiresAt == nil) == (backend.name == "mine"))
          if let end = backend.expiresAt { #expect(abs(end.timeIntervalSince(began) - 15) < 5) }
        }

        try await beta.freezeAvahi(false)
        let seen = try await eventually(within: .seconds(15), "the one that is there") {
          try await second.list().first { $0.name == "stays" && !$0.stale }
        }
        #expect(seen.id == known.first { $0.name == "stays" }?.id)
        #expect(seen.expiresAt == nil)
        try await second.logged("removed", within: .seconds(40)) { $0["name"] == "goes" }
        #expect(try await second.list().map(\.name).sorted() == ["mine", "stays"])
        let told = second.log.filter { ["discovered", "reappeared"].contains($0["event"]) }
        #expect(told.compactMap { $0["name"] } == [Daemon.marker])

        // The end saves what is known, however Avahi is.
        try await saved(on: beta, without: "goes")
        #expect(try await second.command("add", "http://10.9.9.10:1").status == .status(0))
        #expect(try await second.command("remove", "MINE").output == "removed mine")
        try await beta.freezeAvahi(true)
        try await second.stopInTime()
        try await saved(on: beta, "stays", "10.9.9.10", without: "mine")
        try await beta.freezeAvahi(false)
      }
    }

    @Test("adding and removing is refused with the reason, and the same again is no harm")
    func commands() async throws {
      try await withTwoHosts { alpha, beta in
        let daemon = try await beta.startDaemon(state: Self.state)
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        let box = try await daemon.backend("both addresses") { $0.addresses.count == 2 }

        func refusal(_ arguments: String...) async throws -> String {
          let result = try await beta.run([LabAvailability.binary] + arguments)
          #expect(result.status == .status(1), "\(arguments)")
          return result.errors
        }
        #expect(try await refusal("add", "http://192.0.2.1:9/v1").contains("nexus.toml"))
        #expect(try await refusal("add", "http://a", "--name", Daemon.marker).contains("called"))
        #expect(try await refusal("remove", Daemon.marker).contains("nexus.toml"))
        #expect(try await refusal("remove", "box").contains("found on the network"))
        #expect(try await refusal("remove", "nobody").contains("no backend is called"))

        // The network's own backend, named: one backend, under the id that it was born with.
        let url = "http://\(await alpha.address):11434"
        for name in ["mine", "mine", "ours"] {
          #expect(try await daemon.command("add", url, "--name", name).status == .status(0))
        }
        let named = try await daemon.backend("one backend") { $0.name == "ours" }
        #expect(named.id == box.id && named.sources == ["runtime", "mdns"])
        #expect(try await refusal("add", url + "/v1").contains("remove that first"))
        #expect(try await daemon.command("remove", named.id).status == .status(0))
        let again = try await daemon.backend("the network's") { $0.name == "box" }
        #expect(again.id == box.id && again.sources == ["mdns"])

        // One server by two URLs: the second shows nowhere, and is kept as well.
        for (url, name) in [
          ("http://127.0.0.1:4444", "first"), ("http://localhost:4444", "second"),
        ] {
          #expect(try await daemon.command("add", url, "--name", name).status == .status(0))
        }
        try await saved(on: beta, "first", "second")
        #expect(try await daemon.command("remove", "second").status == .status(0))
        try await saved(on: beta, "first", without: "second")

        let nobody = try await beta.run([
          "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/curl",
          "-s", "--unix-socket", Daemon.socket, "-d", "{\"url\":\"http://a\"}",
          "http://localhost/v1/backends",
        ])
        #expect(nobody.output.contains("\"forbidden\""), "\(nobody.output)\(nobody.errors)")
      }
    }

    @Test("killed at any moment it loses no change older than 5 s, and its file can be read")
    func crashes() async throws {
      try await withLab { lab in
        let host = try await lab.bareHost("alone", on: [try await lab.lan()])
        try await host.write(Daemon.configuration(), to: "/run/nexus.toml")
        let seed = Int.random(in: 0..<1_000_000)
        let result = try await host.run(
          ["/usr/bin/python3", "-c", CrashLoop.script, LabAvailability.binary, "\(seed)", "20"],
          within: .seconds(150))
        #expect(result.status == .status(0), "seed \(seed): \(result.output)\(result.errors)")
      }
    }

    @Test("a full disk costs one warning and a bad file another, never the service")
    func troubles() async throws {
      try await withLab { lab in
        let host = try await lab.bareHost("alone", on: [try await lab.lan()])
        try await host.succeed("mkdir", Self.state)
        try await host.succeed(
          "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", Self.state)
        var aside = 0
        for (text, reason) in [
          ("{\"version\":1,\"backends\":[\n{\"id\"", "truncated"), ("[1,2,3]", "form"),
          ("{\"version\":7}", "version 7"), (" ", "truncated"),
        ] {
          try await host.write(text, to: Self.file)
          let daemon = try await host.startDaemon(
            arguments: ["--no-discovery"], state: Self.state)
          // Two pipes tell of its readiness and of this.
          try await daemon.process.line("a warning") { LogLine($0)?["level"] == "warn" }
          let warnings = daemon.log.filter { $0["level"] == "warn" }
          #expect(
            warnings.count == 1 && warnings[0]["message"]?.contains(reason) == true,
            "\(warnings.map { $0["message"] })")
          #expect(try await daemon.list().isEmpty)
          try await daemon.stop()
          aside += 1
          let names = try await host.succeed("ls", Self.state)
          #expect(names.components(separatedBy: ".bad-").count == aside + 1, "\(names)")
        }

        let daemon = try await host.startDaemon(arguments: ["--no-discovery"], state: Self.state)
        #expect(try await daemon.command("add", "http://10.9.9.1:1").status == .status(0))
        try await saved(on: host, "10.9.9.1")
        // As much as there is room for.
        _ = try await host.run(["sh", "-c", "cat /dev/zero > \(Self.state)/filler"])
        let whole = try await host.succeed("cat", Self.file)
        for number in 2...4 {
          #expect(
            try await daemon.command("add", "http://10.9.9.\(number):1").status == .status(0))
          try await letTimePass(.seconds(2))
        }
        try await letTimePass(.seconds(2))
        #expect(try await daemon.list().count == 4)
        #expect(try await host.succeed("cat", Self.file) == whole)
        let left = try await host.succeed("ls", Self.state)
        #expect(!left.contains("state.json.new"))
        let warnings = daemon.log.filter { $0["level"] == "warn" }
        #expect(warnings.count == 1)
        #expect(warnings.first?["message"]?.contains("No space left on device") == true)

        try await host.succeed("rm", Self.state + "/filler")
        try await daemon.process.line(
          containing: "state.json is written again", within: .seconds(90))
        try await saved(on: host, "10.9.9.4")
      }
    }

    /// Waits until the file says all of `names`, and not `other`.
    private func saved(
      on host: LabHost, _ names: String..., without other: String? = nil
    ) async throws {
      _ = try await eventually(within: .seconds(40), "\(names) in \(Self.file)") {
        let text = try await host.run(["cat", Self.file]).output
        let isAll = names.allSatisfy(text.contains)
        return isAll && other.map { !text.contains("\"\($0)") } != false ? true : nil
      }
    }
  }
}

/// Starts the daemon, changes what was added, and kills it, again and again.
private enum CrashLoop {
  static let script = """
    import http.client, json, os, random, shutil, signal, socket, subprocess, sys, time

    binary, seed, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    dice = random.Random(seed)
    folder, address = "/run/crash", "/run/nexus-discovery/api.sock"
    file = folder + "/state.json"

    class API(http.client.HTTPConnection):
      def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(address)

    def ask(method, path, body=None):
      api = API("localhost")
      try:
        api.request(method, path, body and json.dumps(body))
        answer = api.getresponse()
        return answer.status, answer.read()
      finally: api.close()

    def on_disk():
      if not os.path.exists(file): return frozenset()
      state = json.load(open(file))
      assert state["version"] == 1
      return frozenset(one["name"] for each in state["backends"] for one in each.get("added", []))

    class Killed(Exception): pass
    present, number, changes, oldest = frozenset(), 0, 0, 0.0
    for round in range(rounds):
      daemon = subprocess.Popen(
        [binary, "serve", "--config", "/run/nexus.toml", "--no-discovery", "--state-dir", folder,
         "--log-level", "warn"], stderr=subprocess.PIPE)
      while True:
        try:
          if ask("GET", "/readyz")[0] == 200: break
        except OSError: pass
        assert daemon.poll() is None, daemon.stderr.read()
        time.sleep(0.01)
      # What the file said is what there is.
      listed = json.loads(ask("GET", "/v1/backends?source=runtime")[1])["backends"]
      assert frozenset(one["name"] for one in listed) == present, (listed, present)
      # Each set that there was, with the time at which its change was confirmed.
      history = [(time.monotonic(), present)]
      end = time.monotonic() + dice.choice([dice.uniform(0, 1), dice.uniform(0, 7)])
      while time.monotonic() < end:
        if present and dice.random() < 0.45:
          name = dice.choice(sorted(present))
          status, body = ask("DELETE", "/v1/backends/" + name)
          assert status == 204, body
          present = present - {name}
        else:
          number += 1
          status, body = ask(
            "POST", "/v1/backends",
            {"url": f"http://10.8.{number // 250}.{number % 250 + 1}:1", "name": f"n{number}"})
          assert status == 201, body
          present = present | {f"n{number}"}
        history.append((time.monotonic(), present))
        changes += 1
        time.sleep(dice.choice([0, dice.uniform(0, 0.05), dice.uniform(0, 0.4)]))
      daemon.send_signal(signal.SIGKILL)
      killed = time.monotonic()
      daemon.wait()
      complaints = daemon.stderr.read().decode()
      assert not complaints, complaints
      found = on_disk()
      # The last set that must be there, and all that came after it.
      must = max(i for i, (at, _) in enumerate(history) if at <= killed - 5 or i == 0)
      fitting = [i for i, (_, names) in enumerate(history) if names == found and i >= must]
      assert fitting, f"round {round}: {sorted(found)} is no set of the last 5 s"
      if max(fitting) + 1 < len(history):
        oldest = max(oldest, killed - history[max(fitting) + 1][0])
      present = found
    names = sorted(os.listdir(folder))
    assert [one for one in names if ".bad" in one] == [], names
    print(f"{rounds} rounds, {changes} changes, oldest lost {oldest:.2f} s")
    """
}
