import Foundation
import Testing

extension PatientLabTests {
  @Suite("Listeners", .timeLimit(.minutes(5)))
  struct Listeners {
    private static let local = "http://localhost:6398"

    /// A daemon that discovers nothing, with `server` in its section.
    private func startDaemon(
      on host: LabHost, _ server: String = "", arguments: [String] = []
    ) async throws -> Daemon {
      try await host.startDaemon(
        Daemon.configuration(more: "[server]\n" + server),
        arguments: ["--no-discovery"] + arguments)
    }

    /// What curl says: the status, "000" where there is no server, and the body.
    private func curl(
      _ host: LabHost, _ arguments: [String]
    ) async throws -> (status: String, body: String) {
      let result = try await host.run(
        ["curl", "--silent", "--max-time", "10", "--path-as-is", "--write-out", "\n%{http_code}"]
          + arguments)
      let parts = result.output.split(separator: "\n", omittingEmptySubsequences: false)
      return (String(parts.last ?? ""), parts.dropLast().joined(separator: "\n"))
    }

    struct Request: Sendable {
      let arguments: [String]
      let path: String
      /// Over the Unix socket, and over TCP.
      let statuses: [String]
      let part: String

      init(
        _ arguments: String..., path: String, _ status: String, tcp: String? = nil,
        _ part: String = ""
      ) {
        self.arguments = arguments
        self.path = path
        statuses = [status, tcp ?? status]
        self.part = part
      }
    }

    private static let requests: [Request] = [
      Request(path: "/v1/backends", "200", #""name":"marker""#),
      Request(path: "/v1/backends?type=ollama&status=", "200", #""backends":[]"#),
      Request(path: "/v1/backends?tpye=ollama", "400", "bad_request"),
      Request(path: "/v1/backends/marker", "200", #""url":"http://192.0.2.1:9/v1""#),
      Request(path: "/v1/backends/no%20body", "404", #""code":"not_found""#),
      Request(path: "/v1/models", "200", #""object":"list""#),
      Request(path: "/v1/status", "200", #""version":"#),
      // The stream has no end: it is read for so long.
      Request("--max-time", "5", path: "/v1/watch", "200", "event: snapshot"),
      Request("--head", path: "/v1/backends", "200", "Cache-Control: no-store"),
      Request("--request", "POST", path: "/v1/refresh", "202", tcp: "403"),
      Request(path: "/v1/refresh", "405", "method_not_allowed"),
      Request(path: "/healthz", "200", #"{"status":"ok"}"#), Request(path: "/readyz", "200"),
      Request("--http1.0", path: "/healthz", "200"),
      Request("--http2", path: "/healthz", "200"),
      Request("--http2-prior-knowledge", path: "/healthz", "000"),
      Request(path: "/nothing", "404"), Request(path: "/v1/../v1/status", "404"),
      Request(
        "--request", "OPTIONS", "--header", "Origin: http://evil.example", path: "/v1/backends",
        "405"),
      Request("--request", "PATCH", path: "/v1/backends", "405"),
      Request("--header", "X: " + String(repeating: "a", count: 10_000), path: "/healthz", "431"),
      Request("--header", "Transfer-Encoding: chunked", "--data", "a", path: "/v1/refresh", "411"),
      Request("--header", "Content-Length: 65537", "--data", "a", path: "/v1/refresh", "413"),
      Request("--header", "Expect: nothing", path: "/healthz", "417"),
      Request("--header", "Host: evil.example", path: "/v1/backends", "200", tcp: "403"),
      Request("--header", "Host: 127.0.0.1:80", path: "/healthz", "200"),
      Request("--header", "Host: evil.example", "--http1.0", path: "/healthz", "200", tcp: "403"),
      Request("--request-target", "http://evil.example/healthz", path: "/", "200", tcp: "403"),
    ]

    @Test("curl gets from each path what there is, from both listeners, and no web page does")
    func paths() async throws {
      try await withLab { lab in
        let host = try await lab.bareHost("alone", on: [])
        let daemon = try await startDaemon(on: host)
        for request in Self.requests {
          for (listener, status) in zip([["--unix-socket", Daemon.socket], []], request.statuses) {
            let (found, body) = try await curl(
              host, listener + request.arguments + [Self.local + request.path])
            #expect(found == status, "\(listener) \(request.arguments) \(request.path): \(body)")
            #expect(
              status != request.statuses[0] || request.part.isEmpty || body.contains(request.part),
              "\(listener) \(request.arguments) \(request.path): \(body)")
            #expect(!body.contains("Access-Control"))
          }
        }
        // A name that resolves to this machine is not this machine's.
        let (status, body) = try await curl(
          host,
          ["--resolve", "evil.example:6398:127.0.0.1", "http://evil.example:6398/v1/backends"])
        #expect(status == "403" && body.contains("host_refused"))
        #expect(try await daemon.stop() == .status(0))
      }
    }

    @Test("other machines reach it where allow_remote says so, and nowhere else")
    func remote() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        let alpha = try await lab.bareHost("alpha", on: [lan])
        let beta = try await lab.bareHost("beta", on: [lan])
        let address = await beta.address
        let url = "http://\(address):6398/v1/backends"

        let first = try await startDaemon(on: beta)
        #expect(try await curl(alpha, [url]).status == "000")
        #expect(try await curl(beta, [url]).status == "000")
        try await first.stop()

        try await beta.write("[server]\nhost = \"\(address)\"\n", to: "/run/bad.toml")
        for arguments in [["--config", "/run/bad.toml"], ["--host", address], ["--host", "::"]] {
          let result = try await beta.run([LabAvailability.binary, "serve"] + arguments)
          #expect(result.status == .status(78))
          #expect(result.errors.contains("allow_remote"))
        }

        // At all addresses: over the LAN any Host will do, over loopback only a loopback one.
        let everywhere = try await startDaemon(
          on: beta, "host = \"::\"\nallow_remote = true\nport = 80", arguments: ["--port", "6398"])
        for header in ["Host: beta.example", "Host: \(address)"] {
          #expect(try await curl(alpha, ["--header", header, url]).status == "200")
        }
        #expect(try await curl(alpha, ["--request", "POST", url]).status == "403")
        #expect(
          try await curl(alpha, ["--data", "", "http://\(address):6398/v1/refresh"]).status == "403"
        )
        let link = try await beta.linkLocalAddress(on: "eth0")
        #expect(try await curl(alpha, ["http://[\(link)%25eth0]:6398/healthz"]).status == "200")
        #expect(try await curl(beta, [Self.local + "/healthz"]).status == "200")
        #expect(
          try await curl(beta, ["--header", "Host: beta", Self.local + "/healthz"]).status == "403")
        try await everywhere.stop()

        // At an address that the machine gets later.
        let early = try await startDaemon(on: beta, "host = \"10.77.0.99\"\nallow_remote = true")
        try await early.process.line(containing: "10.77.0.99")
        #expect(try await early.list().isEmpty)
        try await beta.addAddress("10.77.0.99/24", to: "eth0")
        #expect(try await curl(alpha, ["http://10.77.0.99:6398/healthz"]).status == "200")
        #expect(try await curl(alpha, [url]).status == "000")
        try await early.stop()

        let none = try await startDaemon(on: beta, arguments: ["--host", ""])
        #expect(try await curl(beta, [Self.local + "/healthz"]).status == "000")
        #expect(try await none.list().isEmpty)
        try await none.stop()
      }
    }

    @Test("what is in use is not taken, what is stale is, and everybody may read")
    func sockets() async throws {
      try await withLab { lab in
        let host = try await lab.bareHost("alone", on: [])
        try await host.succeed("rmdir", "/run/nexus-discovery")
        let daemon = try await startDaemon(on: host)
        let pid = try await daemon.process.pid
        func serve(_ arguments: String...) async throws -> LabHost.Output {
          try await host.run([LabAvailability.binary, "serve", "--no-discovery"] + arguments)
        }
        let second = try await serve("--host", "")
        #expect(second.status == .status(1))
        #expect(second.errors.contains("\(Daemon.socket) is in use by process \(pid)"))
        let third = try await serve("--socket", "/run/other.sock")
        #expect(third.status == .status(1))
        #expect(third.errors.contains("cannot serve the API: 127.0.0.1:6398 is in use"))
        #expect(try await host.run(["test", "-e", "/run/other.sock"]).status == .status(1))

        let modes = try await host.succeed(
          "stat", "--format=%a %F", "/run/nexus-discovery", Daemon.socket)
        #expect(modes == "755 directory\n666 socket")
        let anyone = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"]
        for command in ["list", "status", "refresh"] {
          let result = try await host.run(anyone + [LabAvailability.binary, command])
          #expect(result.status == .status(0), "\(command): \(result.errors)")
        }

        try await host.signal("KILL", daemon.process)
        try await daemon.process.exit()
        #expect(try await daemon.command("list").status == .status(3))
        let next = try await startDaemon(on: host)
        #expect(try await next.list().isEmpty)
        #expect(try await next.stop() == .status(0))
        #expect(try await host.succeed("ls", "/run/nexus-discovery") == "")
      }
    }
  }
}
