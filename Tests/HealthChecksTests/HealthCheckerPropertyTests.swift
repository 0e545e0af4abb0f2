import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import HealthChecks

@Suite struct HealthCheckerPropertyTests {
  @Test("whatever comes and goes, in the end each status is that of its server", arguments: 0..<30)
  func randomOrders(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed) + 1000)
    var settings = HealthCheckSettings()
    settings.maxConcurrent = Int.random(in: 1...4, using: &random)
    settings.interval = .seconds(Int.random(in: 5...30, using: &random))
    var network = VirtualNetwork(settings, seed: UInt64(seed))
    let names = (0..<6).map { "s\($0)" }
    for _ in 0..<150 {
      let name = names.randomElement(using: &random) ?? "s0"
      let sighting = sighting(of: name, using: &random)
      switch Int.random(in: 0..<100, using: &random) {
      case ..<45: network.report(.serviceFound(sighting))
      case ..<65: network.report(.serviceRemoved(sighting.id))
      case ..<75:
        network.report(.serviceRemoved(sighting.id), .serviceFound(sighting))
      case ..<95:
        let kind = Int.random(in: 0..<4, using: &random)
        network.servers[VirtualNetwork.id(name)] = VirtualNetwork.Server(
          latency: .milliseconds(Int.random(in: 1...1500, using: &random)), hangs: kind == 0,
          refuses: kind == 1,
          findings: Findings(
            type: kind == 2 ? .vllm : .ollama, models: ["m\(kind)"]))
      default:
        network.fallBehind(network.registry.snapshot())
      }
      network.pass(.milliseconds(Int.random(in: 0...4000, using: &random)))
      #expect(network.mostAtOnce <= settings.maxConcurrent, "seed \(seed)")
      #expect(network.twiceAtOnce == 0, "seed \(seed)")
    }
    network.pass(.seconds(900))
    for backend in network.registry.snapshot().backends {
      let server = network.servers[backend.id] ?? .init()
      let isWell = !server.hangs && !server.refuses
      #expect(
        backend.status == (isWell ? .healthy : .unhealthy), "seed \(seed): \(backend.name)")
      if isWell { #expect(backend.models == server.findings.models, "seed \(seed)") }
    }
  }

  private func sighting(of name: String, using random: inout SeededGenerator) -> Sighting {
    let own = name.dropFirst()
    let addresses = ["10.0.0.1\(own)", "10.0.0.2\(own)", "fe80::\(own)%eth0"]
      .shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random))
    return .mdns(
      name, port: random.chance(80) ? 11434 : 8080, at: Array(addresses), host: "\(name).local")
  }
}
