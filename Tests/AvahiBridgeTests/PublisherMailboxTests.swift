import AvahiBridge
import DiscoveryCore
import DiscoveryTestKit
import Testing

@Suite struct PublisherMailboxTests {
  private static let service = AnnouncedService.of()
  private let announced = PublisherEvent.announced(service, instance: "box", host: "alpha")
  private let withdrawn = PublisherEvent.withdrawn(service.id, instance: "box", reason: "x")

  @Test("all events come, in order, also those that were left before it was finished")
  func order() async {
    let mailbox = PublisherMailbox()
    mailbox.post([.up, announced])
    mailbox.post([withdrawn])
    mailbox.finish()
    mailbox.post([.down(reason: "late")])
    let first = await mailbox.next()
    #expect(first == [.up, announced, withdrawn])
    #expect(await mailbox.next() == nil)
  }

  @Test("who waits gets the next events, or the end, whatever becomes of the task")
  func waiting() async {
    let mailbox = PublisherMailbox()
    let reader = Task { [await mailbox.next(), await mailbox.next()] }
    reader.cancel()
    mailbox.post([.up])
    mailbox.finish()
    #expect(await reader.value == [[.up], nil])
  }

  @Test(
    "a reader who never comes costs a bounded memory, and is not told what is not true any more")
  func bounded() async throws {
    let mailbox = PublisherMailbox()
    mailbox.post([.up, announced])
    for round in 0..<5000 {
      mailbox.post([withdrawn, .down(reason: "\(round)")])
      mailbox.post([.refused(Self.service.id, reason: "\(round)"), .up, announced])
    }
    let events = try #require(await mailbox.next())
    #expect(events.count <= PublisherMailbox.patience + 4)
    var isOnAir = false
    for event in events {
      switch event {
      case .announced:
        #expect(!isOnAir)
        isOnAir = true
      case .withdrawn:
        #expect(isOnAir)
        isOnAir = false
      case .refused, .up, .down: continue
      }
    }
    #expect(isOnAir)
    #expect(events.last { $0 == .up || $0 == announced } == announced)
    #expect(!events.contains(.down(reason: "4999")))
  }
}

@Suite struct AvahiPublisherTests {
  @Test("with nothing to publish it says nothing, and ends as soon as it is cancelled")
  func nothing() async {
    let publisher = AvahiPublisher(alternatives: [AnnouncedService.of().id: "box #2"])
    publisher.publish([])
    let run = Task { await publisher.run { Issue.record("\($0)") } }
    publisher.publish([])
    run.cancel()
    await run.value
    #expect(publisher.alternatives == [AnnouncedService.of().id: "box #2"])
    #expect(!publisher.isForbidden)
  }

  @Test("cancelled before it begins, it comes near no Avahi")
  func cancelledFirst() async {
    let publisher = AvahiPublisher()
    publisher.publish([.of()])
    let run = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      await publisher.run { Issue.record("\($0)") }
    }
    await run.value
  }
}
