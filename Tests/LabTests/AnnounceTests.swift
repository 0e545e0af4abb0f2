import Foundation
import Testing

extension LabTests {
  /// The daemon announces what runs on its machine; others look on with tools of their own.
  @Suite("Announcing this machine's servers", .timeLimit(.minutes(8)))
  struct Announcing {
    /// nexus.toml that looks at the servers each second, and lets nothing be hidden by a grace period.
    private static func configuration(_ announce: String) -> String {
      Daemon.checking(interval: 1, timeout: 5, grace: 30, more: announce)
    }

    private static func service(
      _ name: String, _ type: String, _ port: Int, _ more: String = ""
    ) -> String {
      "[[announce.services]]\nname = \"\(name)\"\ntype = \"\(type)\"\nport = \(port)\n\(more)\n"
    }

    /// A service as `avahi-browse --resolve --parsable` tells of it, on IPv4.
    private func resolved(
      _ browser: LabProcess, _ name: String, from index: Int = 0
    ) async throws -> [String] {
      let line = try await browser.line(from: index, within: .seconds(30), "\(name) resolved") {
        $0.text.hasPrefix("=;eth0;IPv4;\(name);")
      }
      return line.text.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
    }

    private func gone(
      _ browser: LabProcess, _ name: String, from index: Int, within limit: Duration = .seconds(30)
    ) async throws {
      try await browser.line(from: index, within: limit, "\(name) gone") {
        $0.text.hasPrefix("-;eth0;IPv4;\(name);")
      }
    }

    @Test(
      "others see what is configured, as long as its server answers, and its goodbye at the end")
    func configured() async throws {
      try await withTwoHosts { alpha, beta in
        let address = await alpha.address
        let standIn = try await alpha.startStandIn([
          .init(port: 11434, kind: "ollama"), .init(port: 8000, kind: "vllm"),
        ])
        let browser = try await beta.browse("_ollama._tcp")
        let general = try await beta.browse("_llm._tcp")
        let lmserv = try await beta.browse("_lmserv._tcp")
        let daemon = try await alpha.startDaemon(
          Self.configuration(
            Self.service("%h", "_ollama._tcp", 11434, #"txt = { version = "0.5.7", gpu = true }"#)
              + Self.service("wrong", "_ollama._tcp", 8000)
              + Self.service("dead", "_llm._tcp", 9999)
              + Self.service("größe 1.5", "_llm._tcp", 8000, #"txt = { type = "vllm" }"#)
              + Self.service(
                "node", "_lmserv._tcp", 7000, "txt = { info = \"2 GPUs\" }\nwhen = \"always\"")))
        let fields = try await resolved(browser, "alpha")
        #expect(fields[4] == "_ollama._tcp")
        #expect([fields[6], fields[8]] == ["alpha.local", "11434"])
        // Avahi resolves to one address, of whichever family it hears of first.
        let theirs = [address, try await alpha.linkLocalAddress(on: "eth0")]
        #expect(theirs.contains(fields[7]))
        #expect(Set(fields[9].split(separator: " ")) == [#""version=0.5.7""#, #""gpu""#])
        #expect(try await resolved(lmserv, "node")[9] == #""info=2 GPUs""#)
        let escaped = "gr\\195\\182\\195\\159e\\0321\\.5"
        #expect(try await resolved(general, escaped)[8] == "8000")
        try await daemon.logged("announced") { $0["instance"] == "\(escaped)._llm._tcp.local" }

        // Its own list has each once, as its own, where others can use it.
        let own = try await daemon.backends("its own") {
          $0.keys.sorted() == ["alpha", "größe 1.5", "node"] && $0["alpha"]?.status == "healthy"
            && $0["alpha"]?.host == address
        }
        #expect(own["alpha"]?.local == true)
        #expect(own["alpha"]?.url == "http://\(address):11434")
        #expect(own["node"]?.info == "2 GPUs")
        #expect(own["node"]?.port == 7000)
        let status = try await alpha.succeed(LabAvailability.binary, "status")
        #expect(status.contains("what listens at port 8000 answers as vllm, not as ollama"))
        #expect(status.contains("nothing listens at port 9999"))

        var mark = browser.lines.count
        try await standIn.die(at: 11434)
        let died = ContinuousClock.now
        let withdrawn = try await daemon.logged("withdrawn") { $0["name"] == "alpha" }
        #expect(died.duration(to: withdrawn.at) < .seconds(4), "an interval of 1 s has passed")
        try await gone(browser, "alpha", from: mark)
        mark = browser.lines.count
        try await standIn.comeBack(at: 11434)
        #expect(try await resolved(browser, "alpha", from: mark)[8] == "11434")

        mark = browser.lines.count
        try await daemon.stopInTime()
        try await gone(browser, "alpha", from: mark)
        let everything = [browser, general, lmserv].flatMap(\.lines).map(\.text)
        #expect(!everything.contains { $0.contains("wrong") || $0.contains("dead") })
      }
    }

    /// The names that the daemon on `host` has on the air.
    private func instances(on host: LabHost) async throws -> [String?] {
      struct Status: Decodable {
        struct Announcement: Decodable {
          let instance: String?
        }
        let announcements: [Announcement]
      }
      let text = try await host.succeed(LabAvailability.binary, "status", "--json")
      return try LabJSON.decode(Status.self, from: text).announcements.map(\.instance)
    }

    @Test("of two hosts with one configured name each keeps its own name, over restarts too")
    func sameName() async throws {
      try await withTwoHosts { alpha, beta in
        let configuration = Self.configuration(
          Self.service("shared", "_ollama._tcp", 11434, "when = \"always\""))
        async let one = alpha.startDaemon(configuration, state: "/run/state")
        async let two = beta.startDaemon(configuration, state: "/run/state")
        let daemons = [try await one, try await two]
        // Who comes second wins now and then: it is for the two avahi-daemons to settle.
        let names = try await eventually(within: .seconds(60), "two names") {
          let names = (try await instances(on: alpha), try await instances(on: beta))
          return Set(names.0 + names.1) == ["shared", "shared #2"] ? [names.0, names.1] : nil
        }
        // Each lists both, whoever had to give its name away.
        let holder = names[0] == ["shared"] ? alpha : beta
        let other = names[0] == ["shared"] ? beta : alpha
        let expected = ["shared": await holder.address, "shared #2": await other.address]
        for daemon in daemons {
          try await daemon.backends(within: .seconds(15), "both where they are") {
            $0.mapValues(\.host) == expected
          }
        }
        for (var daemon, name) in zip(daemons, names) {
          let host = daemon.host
          // Also after an end without warning, as soon as the state is saved.
          if name == ["shared #2"] {
            _ = try await eventually(within: .seconds(40), "the state saved") {
              let state = try await host.succeed("cat", "/run/state/state.json")
              return state.contains("shared #2") ? true : nil
            }
          }
          for ending in ["TERM", "KILL"] {
            try await host.signal(ending, daemon.process)
            try await daemon.process.exit()
            daemon = try await host.startDaemon(configuration, state: "/run/state")
            let line = try await daemon.logged("announced", within: .seconds(40))
            #expect([line["name"]] == name)
          }
        }
      }
    }

    @Test(
      "a real llama.cpp server is found on its port, announced with its model, and gone with the daemon",
      .disabled(if: !LlamaServer.isThere, "there is no llama.cpp server"))
    func llama() async throws {
      try await withTwoHosts { alpha, beta in
        let address = await alpha.address
        let auto = Self.configuration("[announce]\nauto = [\"llamacpp\", \"ollama\"]\n")
        let announcer = try await alpha.startDaemon(auto)
        let daemon = try await beta.startDaemon(Daemon.checking(interval: 2, grace: 60))
        let watch = try await daemon.watch()
        let hidden = try await LlamaServer.start(
          on: alpha, at: "127.0.0.1", port: 8080, model: "tiny-llama")
        try await announcer.process.line(containing: "--host 0.0.0.0", within: .seconds(40))
        try await alpha.stop(hidden)
        _ = try await LlamaServer.start(on: alpha, port: 8080, model: "tiny-llama")
        let backend = try await daemon.backend(within: .seconds(60), "the llama") {
          $0.status == "healthy"
        }
        #expect(backend.name == "alpha llamacpp")
        #expect(backend.type == "llamacpp")
        #expect(backend.models == ["tiny-llama"])
        #expect(backend.url == "http://\(address):8080/v1")
        #expect(backend.txt["models"] == "tiny-llama")
        #expect(
          !announcer.log.contains { $0["event"] == "announced" && $0["name"] != backend.name })

        let mark = watch.count
        try await alpha.signal("KILL", announcer.process)
        try await watch.change("disappeared", of: backend.name, from: mark, within: .seconds(150))
      }
    }

    @Test(
      "models change in place; avahi-daemon's restart and forbidden publishing are lived through")
    func inPlace() async throws {
      try await withTwoHosts { alpha, beta in
        let server = BackendStandIn.Server(port: 11434, kind: "ollama", models: ["a:1b"])
        let standIn = try await alpha.startStandIn([server])
        let announcer = try await alpha.startDaemon(
          Self.configuration("[announce]\nauto = [\"ollama\"]\n"))
        let browser = try await beta.browse("_ollama._tcp")
        #expect(try await resolved(browser, "alpha")[9].contains("models=a:1b"))
        let daemon = try await beta.startDaemon()
        // Its second address would be an update too.
        _ = try await daemon.backend { $0.models == ["a:1b"] && $0.addresses.count == 2 }
        let watch = try await daemon.watch()
        var changed = server
        changed.models = ["a:1b", "b:7b"]
        try await standIn.change([changed])
        let updated = try await watch.change("updated", of: "alpha").change
        #expect(updated.backend.txt["models"] == "a:1b,b:7b")
        #expect(watch.events(of: "alpha") == ["updated"], "no goodbye")
        #expect(!announcer.log.contains { $0["event"] == "withdrawn" })

        // Killed, it says no goodbye: nobody else notices, and all is as before within seconds.
        var mark = announcer.process.lines.count
        try await alpha.killAvahi()
        try await announcer.logged("withdrawn")
        try await alpha.startAvahi()
        try await announcer.process.line(
          containing: #""event":"announced""#, from: mark)

        try await alpha.killAvahi()
        try await alpha.startAvahi(
          configuration: "[publish]\ndisable-user-service-publishing=yes\n")
        let told = "disable-user-service-publishing"
        try await announcer.process.line(containing: told)
        mark = announcer.process.lines.count
        _ = try await beta.publish("other", "_ollama._tcp", 1)
        // Browsing goes on.
        try await announcer.backends("the other") { $0["other"] != nil }
        #expect(!announcer.process.lines[mark...].contains { $0.text.contains(told) })
        let status = try await alpha.succeed(LabAvailability.binary, "status", "--json")
        #expect(status.contains(#""state":"pending""#) && status.contains(told))
      }
    }
  }
}
