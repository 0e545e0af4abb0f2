// The registry's state machine. Both runs are those of the seeded tests, with the fuzzer's bytes in
// place of random numbers.

/// The registry against the reference: they must say the same after every step.
@Sendable func fuzzRegistry(_ bytes: [UInt8]) {
  var run = ReferenceRun(random: ByteGenerator(bytes))
  while !run.random.isEmpty {
    guard let fault = run.step() else { continue }
    check(false, "\(fault)\nafter\n\(run.history.joined(separator: "\n"))")
  }
}

/// Announcements that name several servers at once, limits, a network that changes: what must hold
/// whatever the order.
@Sendable func fuzzMerging(_ bytes: [UInt8]) {
  var run = RandomRun(random: ByteGenerator(bytes))
  while !run.random.isEmpty {
    let outcome = run.step()
    if let fault = run.fault(after: outcome) { check(false, fault) }
  }
  if let fault = run.faultAfterSilence() { check(false, fault) }
}
