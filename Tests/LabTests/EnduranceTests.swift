import Foundation
import Testing

extension PatientLabTests {
  @Suite("Crowds of clients", .timeLimit(.minutes(5)))
  struct Crowds {
    private static let half = #"GET /healthz HTTP/1.1\r\nHost: local"#
    private static let watch = #"GET /v1/watch HTTP/1.1\r\nHost: localhost\r\n\r\n"#

    private func descriptors(of daemon: Daemon) async throws -> Int {
      let path = "/proc/\(try await daemon.process.pid)/fd"
      return try await daemon.host.succeed("ls", path).split(separator: "\n").count
    }

    @Test("a thousand half-open connections keep nobody waiting, and are gone in time")
    func halfOpen() async throws {
      // It does not give way: the first are closed after 10 s, and are to meet the last.
      try await withLab { lab in
        let host = try await lab.bareHost("alone", on: [])
        let daemon = try await host.startDaemon(arguments: ["--no-discovery"])
        let before = try await descriptors(of: daemon)
        async let silent = Crowd(of: 1000, at: "127.0.0.1", saying: "", on: host)
        async let halves = Crowd(of: 1000, at: Daemon.socket, saying: Self.half, on: host)
        let crowds = try await [silent, halves]
        _ = try await eventually(within: .seconds(20), "accepted connections") {
          try await descriptors(of: daemon) >= before + 2000 ? true : nil
        }
        for _ in 0..<5 {
          #expect(try await daemon.command("list").status == .status(0))
          try await host.succeed(
            "curl", "--fail", "--max-time", "5", "http://127.0.0.1:6398/readyz")
        }
        for crowd in crowds { try await crowd.gone(within: .seconds(90)) }
        _ = try await eventually(within: .seconds(40), "closed descriptors") {
          try await descriptors(of: daemon) <= before ? true : nil
        }
        for crowd in crowds { try await crowd.end() }
        #expect(try await daemon.stop() == .status(0))
      }
    }

    @Test("whoever takes all places keeps nobody else out: no user, no address")
    func hoarders() async throws {
      try await withLab(givingWay: true) { lab in
        let lan = try await lab.lan()
        let alpha = try await lab.bareHost("alpha", on: [lan])
        let beta = try await lab.bareHost("beta", on: [lan])
        let daemon = try await beta.startDaemon(
          Daemon.configuration(more: "[server]\nhost = \"0.0.0.0\"\nallow_remote = true\n"),
          arguments: ["--no-discovery"])
        // More than there are places, all of them watching.
        let local = try await Crowd(
          of: 1100, at: Daemon.socket, saying: Self.watch, answer: 1, on: beta,
          prefix: ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"])
        let remote = try await Crowd(
          of: 1100, at: await beta.address, saying: Self.watch, answer: 1, on: alpha)
        let refused = try await alpha.run(
          ["curl", "--silent", "--include", "http://\(await beta.address):6398/readyz"])
        #expect(refused.output.contains("503") && refused.output.contains("too_many_connections"))
        #expect(try await daemon.command("list").status == .status(0))
        try await beta.succeed("curl", "--fail", "--max-time", "20", "http://127.0.0.1:6398/readyz")
        try await local.end()
        try await remote.end()
        #expect(try await daemon.stop() == .status(0))
      }
    }

    /// Sends `count` requests in pipelines of 20 over 8 connections that are kept, half of them to
    /// each listener, and prints how many good answers came; every hundredth connection is a new one.
    private static let load = """
      import socket, sys
      paths = ["/v1/backends", "/v1/backends/marker", "/healthz", "/v1/models", "/v1/status"]
      request = "".join("GET %s HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n" % paths[index % 5]
        for index in range(20)).encode()

      def connect(index):
        if index % 2: return socket.create_connection(("127.0.0.1", 6398))
        one = socket.socket(socket.AF_UNIX)
        one.connect(sys.argv[2])
        return one

      crowd, good = [connect(index) for index in range(8)], 0
      for round in range(int(sys.argv[1]) // 160):
        for one in crowd: one.sendall(request)
        for one in crowd:
          text, rest = b"", 20
          while rest:
            part = one.recv(65536)
            assert part, text
            text += part
            while rest:
              head = text.find(b"\\r\\n\\r\\n")
              if head < 0: break
              length = int(text[:head].split(b"Content-Length: ")[1].split(b"\\r")[0])
              if len(text) < head + 4 + length: break
              good += text.startswith(b"HTTP/1.1 200 OK")
              text, rest = text[head + 4 + length:], rest - 1
        if round % 12 == 0:
          crowd.pop(0).close()
          crowd.append(connect(round // 12))
      print(good)
      """

    @Test("100,000 requests leave memory and descriptors where they were")
    func load() async throws {
      try await withLab(givingWay: true) { lab in
        let host = try await lab.bareHost("alone", on: [])
        let daemon = try await host.startDaemon(arguments: ["--no-discovery"])
        func load(_ count: Int) async throws -> Int? {
          let result = try await host.run(
            ["/usr/bin/python3", "-c", Self.load, String(count), Daemon.socket],
            within: .seconds(240))
          #expect(result.errors == "")
          return Int(result.output.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        func sizes() async throws -> (rss: Int, anonymous: Int, descriptors: Int) {
          try await (
            daemon.memory("VmRSS"), daemon.memory("RssAnon"), descriptors(of: daemon)
          )
        }
        #expect(try await load(8_000) == 8_000)
        let before = try await sizes()
        let start = ContinuousClock.now
        #expect(try await load(100_000) == 100_000)
        let took = start.duration(to: .now)
        let after = try await eventually(within: .seconds(40), "closed descriptors") {
          let sizes = try await sizes()
          return sizes.descriptors <= before.descriptors ? sizes : nil
        }
        print("100,000 requests took \(took.seconds) s: from \(before) to \(after)")
        #expect(after.anonymous - before.anonymous < 512)
        #expect(after.rss - before.rss < 1024)
        #expect(try await daemon.stop() == .status(0))
      }
    }
  }
}
