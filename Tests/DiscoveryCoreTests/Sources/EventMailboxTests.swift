import DiscoveryCore
import Testing

@Suite struct EventMailboxTests {
  private func sighting(_ number: Int, port: UInt16 = 1) -> Sighting {
    Sighting(id: Sighting.ID(identity: "\(number)"), name: "\(number)", port: port)
  }

  @Test("events come in order")
  func order() async {
    let mailbox = EventMailbox()
    let events: [DiscoveryEvent] = [
      .sourceConnected, .serviceFound(sighting(1)), .fullSetDelivered,
      .serviceFound(sighting(2)), .sourceFailed(reason: "gone"),
    ]
    for event in events { mailbox.post([event]) }
    #expect(await mailbox.next() == events)
  }

  @Test("a consumer that waits gets the next event")
  func waiting() async {
    let mailbox = EventMailbox()
    async let events = mailbox.next()
    mailbox.post([.sourceConnected])
    #expect(await events == [.sourceConnected])
  }

  @Test("of a sighting's events the latest waits, on its side of the full set")
  func latest() async {
    let mailbox = EventMailbox()
    mailbox.post([.sourceConnected])
    mailbox.post([.serviceFound(sighting(1))])
    mailbox.post([.fullSetDelivered])
    mailbox.post([.serviceFound(sighting(1, port: 2))])
    #expect(
      await mailbox.next()
        == [.sourceConnected, .serviceFound(sighting(1, port: 2)), .fullSetDelivered])
    mailbox.post([.serviceRemoved(sighting(1).id)])
    mailbox.post([.serviceFound(sighting(1, port: 3))])
    #expect(await mailbox.next() == [.serviceFound(sighting(1, port: 3))])
  }

  @Test("what came and went unseen is not told")
  func unseen() async {
    let mailbox = EventMailbox()
    mailbox.post([.sourceConnected])
    for number in 0..<10_000 {
      mailbox.post([.serviceFound(sighting(number))])
      mailbox.post([.serviceRemoved(sighting(number).id)])
    }
    #expect(mailbox.waitingCount == 1)
    #expect(await mailbox.next() == [.sourceConnected])
  }

  @Test("a new connection takes the place of what waits from an earlier one")
  func reconnected() async {
    let mailbox = EventMailbox()
    for _ in 0..<3 {
      mailbox.post([.sourceConnected])
      mailbox.post([.serviceFound(sighting(1))])
      mailbox.post([.sourceFailed(reason: "a")])
      mailbox.post([.sourceFailed(reason: "b")])
    }
    #expect(mailbox.waitingCount == 4)
    mailbox.post([.sourceConnected])
    #expect(await mailbox.next() == [.sourceFailed(reason: "b"), .sourceConnected])
  }

  @Test("a finished mailbox gives what it has, then nil")
  func finished() async {
    let mailbox = EventMailbox()
    mailbox.post([.sourceConnected])
    mailbox.finish()
    mailbox.post([.fullSetDelivered])
    #expect(await mailbox.next() == [.sourceConnected])
    #expect(await mailbox.next() == nil)
  }

  @Test("a consumer that is cancelled returns")
  func cancelled() async {
    let mailbox = EventMailbox()
    let task = Task { await mailbox.next() }
    task.cancel()
    #expect(await task.value == nil)
  }

  @Test("a slow consumer ends up knowing what a fast one knows")
  func slowConsumer() async {
    for seed in UInt64(1)...200 {
      var random = Random(state: seed)
      let mailbox = EventMailbox()
      var live: Set<Int> = []
      var slow = Known()
      var fast = Known()
      for _ in 0..<300 {
        let event = Self.event(&random, live: &live, sighting)
        mailbox.post([event])
        fast.take(event)
        if random.below(20) == 0, mailbox.waitingCount > 0 {
          for event in await mailbox.next() ?? [] { slow.take(event) }
        }
        #expect(mailbox.waitingCount <= 44, "seed \(seed)")
      }
      // A connection that lasts settles everything.
      for event in [DiscoveryEvent.sourceConnected]
        + live.sorted().map({ .serviceFound(sighting($0, port: 9)) }) + [.fullSetDelivered]
      {
        mailbox.post([event])
        fast.take(event)
      }
      for event in await mailbox.next() ?? [] { slow.take(event) }
      #expect(slow.sightings == fast.sightings, "seed \(seed)")
      #expect(slow.limits == fast.limits, "seed \(seed)")
      #expect(Set(slow.sightings.keys) == Set(live.map { sighting($0).id }), "seed \(seed)")
    }
  }

  /// Something that a source may say next.
  private static func event(
    _ random: inout Random, live: inout Set<Int>, _ sighting: (Int, UInt16) -> Sighting
  ) -> DiscoveryEvent {
    let number = random.below(20)
    switch random.below(100) {
    case 0: return .fullSetDelivered
    case 1:
      live = []
      return .sourceFailed(reason: "\(number)")
    case 2:
      live = []
      return .sourceConnected
    case 3: return .sourceLimited([SourceLimit(name: .sightings, message: "\(number)")])
    case 4..<60:
      live.insert(number)
      return .serviceFound(sighting(number, UInt16(random.below(5))))
    default:
      guard live.remove(number) != nil else {
        live.insert(number)
        return .serviceFound(sighting(number, 7))
      }
      return .serviceRemoved(sighting(number, 0).id)
    }
  }

  private struct Random {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(limit))
    }
  }

  /// What a consumer makes of the events.
  private struct Known {
    var sightings: [Sighting.ID: Sighting] = [:]
    private var stale: Set<Sighting.ID> = []
    private(set) var limits: [SourceLimit] = []

    mutating func take(_ event: DiscoveryEvent) {
      switch event {
      case .sourceConnected, .sourceFailed: stale = Set(sightings.keys)
      case .serviceFound(let sighting):
        sightings[sighting.id] = sighting
        stale.remove(sighting.id)
      case .serviceRemoved(let id): sightings[id] = nil
      case .fullSetDelivered:
        for id in stale { sightings[id] = nil }
        stale = []
      case .sourceLimited(let new): limits = new
      }
    }
  }
}
