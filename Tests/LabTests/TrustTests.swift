import Foundation
import Testing

extension LabTests {
  @Suite("Trust", .timeLimit(.minutes(5)))
  struct Trust {
    /// A service on a host of its own.
    private static func service(
      _ name: String, port: Int, _ addresses: [String]
    ) -> RawNeighbour.Service {
      var service = RawNeighbour.Service(name, host: "\(name)-host", addresses: addresses)
      service.port = port
      return service
    }

    private static func configuration(_ trust: String = "") -> String {
      let more = "[logging]\nlevel = \"debug\"\n[discovery.trust]\n\(trust)"
      return Daemon.configuration(grace: 1, more: more)
    }

    private static let good = "10.77.0.200"

    /// What no stranger may name. The last is the broadcast address of the lab's LAN.
    private static let refused = [
      "127.0.0.1", "127.1.2.3", "169.254.169.254", "8.8.8.8", "0.0.0.0", "0.1.2.3",
      "255.255.255.255", "240.0.0.1", "224.0.0.1", "::", "::1", "ff02::1", "2606:4700::1111",
      "::ffff:127.0.0.1", "::ffff:10.77.0.200", "::a4d:c8", "64:ff9b::a9fe:a9fe",
      "10.77.0.255",
    ]

    @Test("an address that no stranger may name is not listed, and the log says why")
    func refuses() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let raw = try await lab.bareHost("raw", on: [lan]).startRawNeighbour()
        let beta = try await listening
        let own = [await beta.address, try await beta.linkLocalAddress(on: "eth0")]
        var hostile: [RawNeighbour.Service] = []
        var mixed: [RawNeighbour.Service] = []
        for (index, address) in Self.refused.enumerated() {
          hostile.append(Self.service("alone-\(index)", port: 1000 + index, [address]))
        }
        for (index, address) in (Self.refused + own).enumerated() {
          mixed.append(Self.service("mixed-\(index)", port: 2000 + index, [address, Self.good]))
        }
        let daemon = try await beta.startDaemon(Self.configuration())
        let mine = try await beta.publish("mine", "_ollama._tcp", 5000)
        try await raw.announce(hostile + mixed, over: ["ipv4", "ipv6"])
        for index in Self.refused.indices {
          let line = try await daemon.logged("skipped") { $0["name"] == "alone-\(index)" }
          #expect(line["reason"] == "address_refused", "\(Self.refused[index])")
          #expect(line["address"] == Self.refused[index])
          #expect(line["message"]?.contains(Self.refused[index]) == true)
        }
        let listed = try await eventually(within: .seconds(40), "what can be used") {
          let list = try await daemon.list()
          let isComplete = list.contains { $0.addresses.contains("127.0.0.1") }
          return isComplete && list.count > mixed.count ? list : nil
        }
        let names = mixed.map { String(decoding: $0.name, as: UTF8.self) }
        #expect(Set(listed.map(\.name)) == Set(names + ["mine"]))
        for backend in listed where backend.name != "mine" {
          #expect(backend.addresses == [Self.good])
          #expect(backend.url == "http://\(Self.good):\(backend.port)")
          #expect(!backend.local)
        }
        // Loopback is for what this machine's own avahi-daemon announces.
        let ours = try #require(listed.first { $0.name == "mine" })
        #expect(ours.local)
        #expect(ours.url == "http://\(own[0]):5000")
        try await mine.withdraw()
      }
    }

    @Test("port 0 and a target outside .local are refused, and the log says why")
    func refusesTargets() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let raw = try await lab.bareHost("raw", on: [lan]).startRawNeighbour()
        let daemon = try await listening.startDaemon(Self.configuration())
        let targets = [
          "example": ["evil", "example"], "top": ["local"], "alike": ["evil", "notlocal"],
          "below": ["evil", "local", "example"], "spaced": ["e vil", "example"],
          "signed": ["user@evil", "example"], "address": ["8", "8", "8", "8"],
          "dotted": ["evil.local"], "escaped": ["evil\\", "example"],
          "long": Array(repeating: String(repeating: "a", count: 62), count: 3) + ["example"],
        ]
        var services = targets.keys.sorted().enumerated().map { index, name in
          var service = Self.service(name, port: 3000 + index, [Self.good])
          service.host = targets[name]?.map { Array($0.utf8) } ?? []
          return service
        }
        services.append(Self.service("zero", port: 0, [Self.good]))
        services.append(Self.service("good", port: 4000, [Self.good]))
        try await raw.announce(services)
        for name in targets.keys.sorted() {
          let line = try await daemon.logged("skipped") { $0["name"] == name }
          #expect(line["reason"] == "target_outside_local", "\(name)")
        }
        let zero = try await daemon.logged("skipped") { $0["name"] == "zero" }
        #expect(zero["reason"] == "port_zero")
        #expect(try await daemon.backend().name == "good")
      }
    }

    /// Rules as nexus.toml has them, and which of four services they admit.
    private static let rules = [
      ("", ["near", "other", "far"]),
      ("allow_public = true", ["near", "other", "far", "public"]),
      ("deny = [\"10.77.0.66\", \"8.8.0.0/16\"]\nallow_public = true", ["near", "far"]),
      ("allow = [\"10.77.0.0/24\"]", ["near", "other"]),
      ("allow = [\"10.77.0.0/24\", \"8.8.8.8\"]\ndeny = [\"10.77.0.66/31\"]", ["near", "public"]),
      ("allow = [\"127.0.0.0/8\", \"224.0.0.0/4\"]", []),
    ]

    @Test("each rule of [discovery.trust] is in force as soon as the file is read again")
    func rulesHold() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let raw = try await lab.bareHost("raw", on: [lan]).startRawNeighbour()
        let beta = try await listening
        try await raw.announce([
          Self.service("near", port: 1, [Self.good]),
          Self.service("other", port: 2, ["10.77.0.66"]),
          Self.service("far", port: 3, ["192.168.50.5"]),
          Self.service("public", port: 4, ["8.8.8.8"]),
          Self.service("loopback", port: 5, ["127.0.0.1"]),
          Self.service("group", port: 6, ["224.0.0.9"]),
        ])
        let daemon = try await beta.startDaemon(Self.configuration())
        for (rules, admitted) in Self.rules {
          try await beta.write(Self.configuration(rules), to: "/run/nexus.toml")
          try await beta.signal("HUP", daemon.process)
          _ = try await eventually(within: .seconds(40), "\(admitted) with \(rules)") {
            let list = try await daemon.list()
            return Set(list.map(\.name)) == Set(admitted) ? list : nil
          }
        }
        let changes = daemon.log.filter { $0["event"] == "discovered" }.compactMap { $0["url"] }
        #expect(changes.contains("http://8.8.8.8:4"))
        #expect(!changes.contains { $0.contains("127.0.0.1") || $0.contains("224.0.0.9") })
      }
    }
  }
}
