import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import nexus_discovery

@Suite("Health in the log")
struct HealthLogTests {
  private let start = Moment.testStart.uptime

  private func backend(
    _ status: BackendStatus = .healthy, claimed: BackendType = .vllm,
    detected: BackendType? = .ollama
  ) -> Backend {
    .example("gpu") {
      ($0.type, $0.claimedType, $0.detectedType) = (claimed, claimed, detected)
      $0.status = status
    }
  }

  private func change(
    to status: BackendStatus, revision: UInt64 = 1
  ) -> RegistryChange {
    RegistryChange(
      revision: revision, kind: .status, backend: backend(status, claimed: .ollama),
      previous: backend(.unknown, claimed: .ollama))
  }

  @Test("a remark on a healthy server and the latency of an unhealthy one are told")
  func remarks() {
    var healthy = backend()
    healthy.lastCheck = HealthReport(
      at: WallTime(milliseconds: 0), latency: .milliseconds(2), error: "needs a key")
    var record = LogRecord.record(
      for: RegistryChange(revision: 1, kind: .status, backend: healthy))
    #expect(record.message.hasSuffix(": needs a key, answered in 2.0 ms"))
    #expect(record.level == .info)
    #expect(record.fields[.reason] == "needs a key")
    var unhealthy = backend(.unhealthy)
    unhealthy.lastCheck = HealthReport(
      at: WallTime(milliseconds: 0), latency: .milliseconds(2), error: "HTTP 500")
    record = LogRecord.record(for: RegistryChange(revision: 1, kind: .status, backend: unhealthy))
    #expect(record.message.hasSuffix(": HTTP 500, answered in 2.0 ms"))
  }

  @Test("what a server is not is told once: when it is found out, or when the claim changes")
  func contradiction() {
    func told(_ previous: Backend?, _ next: Backend) -> LogRecord? {
      LogRecord.contradiction(
        in: RegistryChange(revision: 1, kind: .updated, backend: next, previous: previous))
    }
    let record = told(backend(detected: nil), backend())
    #expect(record?.event == .updated)
    #expect(record?.level == .warn)
    #expect(record?.message == "gpu is said to be vllm, but answers as ollama at \(backend().url)")
    #expect(record?.fields[.reason] == "contradiction")
    #expect(told(backend(), backend(.unhealthy)) == nil)
    #expect(told(nil, backend()) == nil)
    #expect(told(backend(detected: nil), backend(detected: .vllm)) == nil)
    #expect(told(backend(detected: nil), backend(detected: .openAICompatible)) == nil)
    #expect(told(backend(claimed: .ollama), backend()) != nil)
    #expect(told(backend(detected: .llamacpp), backend()) != nil)
  }

  @Test("a server that is healthy again and again is told once, then counted each 10 s")
  func flapping() {
    var damper = FlapDamper(of: .health)
    var lines: [FlapDamper.Line] = []
    for second in 0..<25 {
      let now = start.advanced(by: .seconds(second))
      lines += damper.tick(at: now)
      lines += damper.take(change(to: .healthy, revision: UInt64(second)), at: now)
    }
    #expect(lines.map(\.flaps?.ups) == [nil, 9, 10])
    let message = lines.last.map { LogRecord.record(for: $0).message } ?? ""
    #expect(
      message.hasPrefix("gpu flapped: it became healthy 10 times in 10 s, at last: healthy gpu"))
  }

  @Test(
    "unhealthy and healthy again are both told at once, and what a removed one was is forgotten")
  func pair() {
    var damper = FlapDamper(of: .health)
    #expect(damper.take(change(to: .unhealthy), at: start).count == 1)
    #expect(damper.take(change(to: .healthy), at: start).count == 1)
    #expect(damper.take(change(to: .unhealthy), at: start).isEmpty)
    damper.forget(backend().id)
    #expect(damper.nextDeadline == nil)
    #expect(damper.count == 0)
  }
}
