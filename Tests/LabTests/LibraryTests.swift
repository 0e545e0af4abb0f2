import Foundation
import Testing

extension LabTests {
  @Suite("The library in programs", .timeLimit(.minutes(5)))
  struct Library {
    /// A program of this package that was built along with these tests.
    private static func program(_ name: String) throws -> String {
      let bundle = Bundle.main.bundleURL
      let places = [
        URL(fileURLWithPath: CommandLine.arguments[0]), bundle.appendingPathComponent("x"), bundle,
      ]
      let found = places.map { $0.deletingLastPathComponent().appendingPathComponent(name).path }
        .first { FileManager.default.isExecutableFile(atPath: $0) }
      guard let found else { throw LabError("\(name) is not built") }
      return found
    }

    /// Starts one of them, its output line by line.
    private static func start(_ name: String, on host: LabHost) throws -> LabProcess {
      try host.spawn(["stdbuf", "-oL", try program(name)])
    }

    @Test("the README's node finds others like it, is found by them, and sees them go")
    func example() async throws {
      try await withTwoHosts { alpha, beta in
        let (first, second) = await ("http://\(alpha.address):8000", "http://\(beta.address):8000")
        var other = try Self.start("library-example", on: alpha)
        try await other.line(containing: "announced as alpha")
        let node = try Self.start("library-example", on: beta)
        try await node.line(containing: "announced as beta")
        for url in [first, second] {
          try await node.line(containing: "found \(url), gemma-2b-it Q4_0")
        }
        let found = node.lines.filter { $0.text.hasPrefix("found ") }
        #expect(found.count == 2)
        // In the order of their names.
        let both = try await node.line(containing: "alive: \(first) \(second)")

        // Nothing but the end of the program: avahi-daemon says goodbye for it.
        try await alpha.stop(other)
        let lost = try await node.line(containing: "lost alpha", from: both.index)
        let alone = try await node.line(containing: "alive: ", from: lost.index)
        #expect(alone.text == "alive: \(second)")

        other = try Self.start("library-example", on: alpha)
        try await node.line(containing: "alive: \(first) \(second)", from: alone.index)
      }
    }

    @Test("a program's own service is seen as it is, under a name that is free, and taken back")
    func ownService() async throws {
      try await withTwoHosts { alpha, beta in
        let first = try Self.start("library-probe", on: alpha)
        let second = try Self.start("library-probe", on: beta)
        let urls = await [alpha.address, beta.address].map { "http://\($0):8000/v1" }
        let order = "announce\tGPU 1.5 %h\t_llm._tcp\t8000\ttype=vllm\tmodels=b,a\tversion=2"
        first.send(order)
        try await first.line(containing: "announced GPU 1.5 %h")
        try await second.line(containing: "appeared GPU 1.5 %h \(urls[0])")
        first.send("discover\t_llm._tcp\t_ollama._tcp.local")
        let own = try await first.line(containing: "discovered ")
        let told = #"_llm._tcp vllm \#(urls[0]) ["a", "b"] 2 alpha.local"#
        #expect(own.text == "discovered GPU 1.5 %h \(told) true")

        second.send(order)
        try await second.line(containing: "announced GPU 1.5 %h #2")
        try await first.line(containing: "appeared GPU 1.5 %h #2 \(urls[1])")
        second.send("discover\t_llm._tcp")
        let both = try await second.line(containing: "discovered ")
        let other = #"_llm._tcp vllm \#(urls[1]) ["a", "b"] 2 beta.local"#
        #expect(
          both.text == "discovered GPU 1.5 %h \(told) false; GPU 1.5 %h #2 \(other) true")

        // Taken back while the programs go on.
        first.send("cancel")
        try await second.line("the first one's end") { $0.text == "disappeared GPU 1.5 %h" }
        second.send("release")
        try await first.line("the second one's end") { $0.text == "disappeared GPU 1.5 %h #2" }
      }
    }

    @Test("a program is told when avahi-daemon is away, and its service is back along with it")
    func avahiGoes() async throws {
      try await withTwoHosts { alpha, beta in
        let probe = try Self.start("library-probe", on: alpha)
        let other = try Self.start("library-probe", on: beta)
        probe.send("announce\tnode\t_lmserv._tcp\t8000")
        try await probe.line(containing: "announced node")
        try await other.line(containing: "appeared node")
        try await alpha.killAvahi()
        _ = try await eventually(within: .seconds(5), "word of it") {
          let count = probe.lines.count
          probe.send("status")
          let status = try await probe.line(containing: "status", from: count)
          return status.text.contains("cannot announce: ") ? true : nil
        }
        probe.send("discover\t_llm._tcp")
        try await probe.line(containing: "failed: cannot listen to the network: ")

        try await alpha.startAvahi()
        _ = try await eventually(within: .seconds(10), "its return") {
          let count = probe.lines.count
          probe.send("status")
          let status = try await probe.line(containing: "status", from: count)
          return status.text == "status node " ? true : nil
        }
        probe.send("announce\tother\t_lmserv._tcp\t0")
        try await probe.line(containing: "failed: port must be 1 to 65535, but is 0 (RFC 6335 §6)")
      }
    }
  }
}
