import Foundation
import Testing

extension LabTests {
  /// What the other tests stand on, tried without the daemon.
  @Suite("The lab itself", .timeLimit(.minutes(5)))
  struct LabItself {
    @Test("the lab's hosts hear each other")
    func hostsHearEachOther() async throws {
      try await withTwoHosts { alpha, beta in
        let browser = try await beta.browse("_ollama._tcp")
        let service = try await alpha.publish("gpu box", "_ollama._tcp", 11434, ["version=0.5.7"])
        // Whichever address avahi-browse hears of first: both are told over IPv4, too.
        let addresses = [await alpha.address, try await alpha.linkLocalAddress(on: "eth0")]
        let found = addresses.map {
          "=;eth0;IPv4;gpu\\032box;_ollama._tcp;local;alpha.local;\($0);11434;"
        }
        try await browser.line("the service over IPv4") { line in
          found.contains { line.text.contains($0) }
        }
        try await browser.line(containing: "=;eth0;IPv6;gpu\\032box;")
        try await service.withdraw()
        try await browser.line(containing: "-;eth0;IPv4;gpu\\032box;")
      }
    }

    @Test("a peer on python-zeroconf is heard, with what it changes in place")
    func zeroconfPeerIsHeard() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let peer = try await lab.bareHost("peer", on: [lan]).startZeroconfPeer()
        let beta = try await listening
        let browser = try await beta.browse("_llm._tcp")
        var service = ZeroconfPeer.Service(
          name: "one", type: "_llm._tcp.local.", port: 8000, txt: ["type": "vllm"],
          addresses: ["10.77.0.200"])
        try await peer.register([service])
        try await browser.line(containing: "=;eth0;IPv4;one;_llm._tcp;local;peer.local;10.77.0.200")
        service.txt = ["type": "exo"]
        try await peer.update([service])
        let again = try await beta.run([
          "avahi-browse", "--resolve", "--parsable", "--terminate", "_llm._tcp",
        ])
        #expect(again.output.contains("\"type=exo\""))
        try await peer.withdraw([service])
        try await browser.line(containing: "-;eth0;IPv4;one;")
      }
    }

    @Test("a neighbour that speaks by hand is heard, answers questions and forges goodbyes")
    func rawNeighbourIsHeard() async throws {
      try await withLab { lab in
        let lan = try await lab.lan()
        async let listening = lab.host("beta", on: [lan])
        let raw = try await lab.bareHost("raw", on: [lan]).startRawNeighbour()
        let beta = try await listening
        let browser = try await beta.browse("_ollama._tcp")
        var named = RawNeighbour.Service("one", host: "first", addresses: ["10.77.0.200"])
        named.txt = RawNeighbour.txt(["a=b"])
        let other = RawNeighbour.Service("two", host: "second", addresses: ["fe80::9"])
        try await raw.announce([named, other], over: ["ipv4", "ipv6"])
        try await browser.line(
          containing: "=;eth0;IPv4;one;_ollama._tcp;local;first.local;10.77.0.200;11434;\"a=b\"")
        try await browser.line(
          containing: "=;eth0;IPv6;two;_ollama._tcp;local;second.local;fe80::9")
        try await raw.goodbye([named])
        try await browser.line(containing: "-;eth0;IPv4;one;")
        try await raw.flood(other, count: 20, ownHosts: true)
        try await browser.line(containing: "=;eth0;IPv4;two-19;_ollama._tcp;local;second-19.local;")
        let questions = try await raw.questions()
        #expect(questions.contains { $0.type == 12 && $0.name == "_ollama._tcp.local" })
      }
    }

    @Test("what a firewall rule drops is not heard, and later announcements are")
    func firewallDrops() async throws {
      try await withTwoHosts { alpha, beta in
        let browser = try await beta.browse("_ollama._tcp")
        try await beta.dropMulticast()
        _ = try await alpha.publish("lost", "_ollama._tcp", 1)
        try await letTimePass(.seconds(2))
        #expect(browser.lines.isEmpty)
        try await beta.letMulticastPass()
        _ = try await alpha.publish("heard", "_ollama._tcp", 2)
        try await browser.line(containing: "=;eth0;IPv4;heard;")
      }
    }

    @Test("bus and avahi-daemon can be killed and started again, links pulled and plugged in")
    func faultsCanBeMade() async throws {
      try await withTwoHosts { alpha, beta in
        _ = try await alpha.publish("box", "_ollama._tcp", 11434)
        try await beta.killAvahi()
        try await beta.startAvahi()
        try await beta.killBus()
        try await beta.startBus()
        try await beta.startAvahi()
        let browser = try await beta.browse("_ollama._tcp")
        try await browser.line(containing: "=;eth0;IPv4;box;")
        let seen = browser.lines.count
        try await beta.setLink("eth0", up: false)
        try await browser.line(containing: "-;eth0;IPv4;box;", from: seen)
        try await beta.setLink("eth0", up: true)
        try await browser.line(containing: "=;eth0;IPv4;box;", from: seen)
        try await beta.freezeAvahi(true)
        try await beta.freezeAvahi(false)
        #expect(try await beta.run(["avahi-browse", "-t", "_ollama._tcp"]).status == .status(0))
      }
    }
  }
}
