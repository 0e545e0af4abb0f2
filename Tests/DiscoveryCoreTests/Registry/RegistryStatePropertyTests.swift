import DiscoveryTestKit
import Testing

@testable import DiscoveryCore

/// Random event orders against what must always hold.
@Suite struct RegistryStatePropertyTests {
  @Test("whatever order events come in, the registry stays consistent", arguments: 0..<60)
  func randomOrders(seed: Int) {
    var run = RandomRun(random: SeededGenerator(seed: UInt64(seed)))
    for step in 0..<600 {
      let outcome = run.step()
      if let fault = run.fault(after: outcome) {
        Issue.record("seed \(seed), step \(step): \(fault)")
        return
      }
    }
    if let fault = run.faultAfterSilence() { Issue.record("seed \(seed): \(fault)") }
  }

  @Test("what it says is what the plainest reading of the rules says", arguments: 0..<30)
  func reference(seed: Int) {
    var run = ReferenceRun(random: SeededGenerator(seed: UInt64(seed)))
    for _ in 0..<200 {
      guard let fault = run.step() else { continue }
      let history = run.history.joined(separator: "\n")
      Issue.record("seed \(seed): \(fault)\nafter\n\(history)")
      return
    }
  }
}
