import Foundation
import Testing

extension LabTests {
  @Suite("https and keys", .timeLimit(.minutes(5)))
  struct Access {
    @Test(
      "a certificate must be of a trusted authority and for the URL's host, where it is verified")
    func certificates() async throws {
      try await withBarePeer { peer, checker in
        let address = await peer.address
        let lab = try await LabCertificates(on: peer)
        let file = try await lab.certify(["DNS:gpu.lab", "IP:\(address)"])
        let stranger = try await LabCertificates(on: checker)
        try await checker.write(try await stranger.authority, to: "/run/other.pem")
        try await checker.write(try await lab.authority, to: "/run/ca.pem")
        try await checker.nameInHosts(["gpu.lab", "other.lab"], as: address)
        let trusted = "ca_file = \"/run/ca.pem\""
        let cases = [
          ("address", address, [trusted], true), ("name", "gpu.lab", [trusted], true),
          ("misnamed", "other.lab", [trusted], false), ("system", "gpu.lab", [], false),
          ("stranger", "gpu.lab", ["ca_file = \"/run/other.pem\""], false),
          ("unverified", "other.lab", ["tls_verify = false"], true),
        ]
        _ = try await peer.startStandIn(
          cases.indices.map { .init(port: 8443 + $0, kind: "vllm", certificate: file) }
            + [.init(port: 8080, behaviour: .raw("HTTP/1.1 400 Bad Request\r\n\r\n"))])
        var backends = cases.enumerated().map { index, one in
          Daemon.configured(
            one.0, "https://\(one.1):\(8443 + index)", one.2.joined(separator: "\n"))
        }
        backends.append(Daemon.configured("plain", "https://\(address):8080", trusted))
        let daemon = try await checker.startDaemon(
          Daemon.checking(
            timeout: 5, failures: 1, discovery: "enabled = false", more: backends.joined()))
        let expected = cases.map { ($0.0, $0.3) } + [("plain", false)]
        // A busy machine may let a first handshake time out; what is wrong with a certificate does not
        // change.
        let found = try await daemon.backends(within: .seconds(60), "all checked") { found in
          expected.allSatisfy { name, isGood in
            guard let backend = found[name], backend.lastCheck != nil else { return false }
            return backend.lastError?.hasPrefix("timed out") != true
              && (!isGood || backend.status == "healthy")
          }
        }
        for (name, isGood) in expected {
          let backend = try #require(found[name])
          #expect(backend.status == (isGood ? "healthy" : "unhealthy"), "\(name)")
          if isGood {
            #expect(backend.models == ["alpha:3b", "zephyr:7b"], "\(name)")
          } else {
            #expect(backend.lastError?.hasPrefix("TLS: ") == true, "\(name): \(backend)")
          }
        }
      }
    }

    private static let keys = ["key-of-the-environment-5f2c", "key-of-the-file-8a1d"]

    @Test("a key goes to the configured server alone, and is shown nowhere")
    func keys() async throws {
      try await withPeer { peer, neighbour, listener in
        let address = await peer.address
        let standIn = try await peer.startStandIn([
          .init(port: 9001, kind: "vllm", key: Self.keys[0]),
          .init(port: 9002, kind: "vllm", key: Self.keys[1]),
          .init(port: 9003, kind: "vllm", key: "unknown"),
          .init(port: 9004, kind: "vllm", key: Self.keys[0]),
        ])
        // An address that the network adds to the server at 9001.
        let other = "10.77.0.77"
        try await peer.addAddress("\(other)/24", to: "eth0")
        try await listener.write(Self.keys[1] + "\n", to: "/run/key")
        try await listener.succeed("chmod", "600", "/run/key")
        let backends = [
          Daemon.configured("env", "http://\(address):9001", "api_key_env = \"LAB_KEY\""),
          Daemon.configured("file", "http://\(address):9002", "api_key_file = \"/run/key\""),
          Daemon.configured("none", "http://\(address):9003"),
        ]
        let daemon = try await listener.startDaemon(
          Daemon.checking(timeout: 2, more: backends.joined() + "[logging]\nlevel = \"trace\"\n"),
          environment: ["LAB_KEY": Self.keys[0]])
        let watch = try await daemon.watch()
        try await neighbour.announce([
          .llm("announced", 9004, at: [address]), .llm("more", 9001, at: [other, address]),
        ])
        let found = try await daemon.backends("all checked") {
          $0.count == 4 && $0.values.allSatisfy { $0.status == "healthy" }
            && $0["env"]?.addresses.contains(other) == true
        }
        #expect(found["env"]?.models == ["alpha:3b", "zephyr:7b"])
        #expect(found["file"]?.models == ["alpha:3b", "zephyr:7b"])
        #expect(found["none"]?.lastError == "needs a key")
        #expect(found["announced"]?.lastError == "needs a key")

        // The configured address gone, the one that the network added is no other place for the key.
        let count = watch.count
        try await peer.removeAddress("\(address)/24", from: "eth0")
        // With a network's first address go the others.
        try await peer.addAddress("\(other)/24", to: "eth0")
        try await standIn.resetCounts()
        try await watch.status("unhealthy", of: "env", from: count)
        let traffic = try await standIn.traffic()
        #expect(traffic[9001]?.connections == 0)

        try await showNothing(daemon, watch)
      }
    }

    /// Nothing that the daemon wrote or answers has a key in it.
    private func showNothing(_ daemon: Daemon, _ watch: Watch) async throws {
      var texts = [
        daemon.process.text(of: .errors), daemon.process.text(of: .output),
        watch.process.text(of: .output),
        try await daemon.host.succeed("sh", "-c", "cat /run/nexus-discovery/* || true"),
      ]
      let commands = [["list"], ["models"], ["status"], ["show", "env"], ["show", "file"]]
      for command in commands {
        for form in [[], ["--json"]] {
          let result = try await daemon.host.run([LabAvailability.binary] + command + form)
          #expect(result.status == .status(0))
          texts += [result.output, result.errors]
        }
      }
      for text in texts {
        #expect(Self.keys.allSatisfy { !text.contains($0) })
      }
    }
  }
}
