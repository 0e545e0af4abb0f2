import AvahiBridge
import DiscoveryCore
import DiscoveryTestKit
import Testing

@Suite struct PublisherStateTests {
  /// A publisher with those services on the air, on a host "alpha".
  private func running(_ services: AnnouncedService...) -> PublisherBench {
    let bench = PublisherBench()
    bench.send(.wanted(services))
    bench.send(.running(host: "alpha"))
    bench.probe()
    _ = bench.takeEvents()
    _ = bench.takeActions()
    return bench
  }

  @Test("a client is needed from the first service on, and ever after")
  func needsClient() {
    let bench = PublisherBench()
    bench.want()
    #expect(!bench.state.needsClient)
    bench.want(.of())
    #expect(bench.state.needsClient)
    bench.want()
    #expect(bench.state.needsClient)
    #expect(bench.takeActions() == [.free(AnnouncedService.of().id)])
  }

  @Test("a service is told when it is established, not before")
  func announced() {
    let bench = PublisherBench()
    let service = AnnouncedService.of("%h")
    bench.want(service)
    bench.send(.settling)
    #expect(bench.takeActions() == [])
    bench.send(.running(host: "alpha"))
    #expect(bench.takeActions() == [.publish(service, instance: "alpha")])
    #expect(bench.takeEvents() == [.up])
    bench.probe()
    #expect(bench.takeEvents() == [.announced(service, instance: "alpha", host: "alpha")])
    bench.send(.running(host: "alpha"))
    bench.want(service)
    #expect(bench.takeActions() == [])
  }

  @Test("a changed TXT record is updated in place, silently")
  func txt() {
    let bench = running(.of(txt: ["a": "1"]))
    let changed = AnnouncedService.of(txt: ["a": "2"])
    bench.want(changed)
    #expect(bench.takeActions() == [.update(changed, instance: "box")])
    #expect(bench.takeEvents() == [])
  }

  @Test(
    "one that changes while its service is being registered is updated once that is established")
  func earlyTXT() {
    let bench = PublisherBench()
    let (first, second) = (
      AnnouncedService.of(txt: ["a": "1"]), AnnouncedService.of(txt: ["a": "2"])
    )
    bench.want(first)
    bench.send(.running(host: "alpha"))
    bench.want(second)
    #expect(bench.takeActions() == [.publish(first, instance: "box")])
    bench.probe()
    #expect(bench.takeActions() == [.update(second, instance: "box")])
    #expect(bench.groups[second.id]?.service == second)
  }

  @Test("a TXT record that cannot be updated is published anew")
  func failedUpdate() {
    let service = AnnouncedService.of(txt: ["a": "1"])
    let bench = running(service)
    bench.send(.updateFailed(service.id))
    #expect(bench.takeActions() == [.publish(service, instance: "box")])
    #expect(
      bench.takeEvents() == [
        .withdrawn(service.id, instance: "box", reason: "its TXT record changes")
      ])
  }

  @Test("a changed port is published anew, on the same group")
  func port() {
    let bench = running(.of(port: 1))
    let changed = AnnouncedService.of(port: 2)
    bench.want(changed)
    bench.probe()
    #expect(bench.takeActions() == [.publish(changed, instance: "box")])
    #expect(
      bench.takeEvents() == [
        .withdrawn(changed.id, instance: "box", reason: "its port changes"),
        .announced(changed, instance: "box", host: "alpha"),
      ])
  }

  @Test("what is not wanted any more is withdrawn with its group")
  func removed() {
    let (kept, gone) = (AnnouncedService.of("a"), AnnouncedService.of("b"))
    let bench = running(kept, gone)
    bench.want(kept)
    #expect(bench.takeActions() == [.free(gone.id)])
    #expect(
      bench.takeEvents() == [
        .withdrawn(gone.id, instance: "b", reason: "it is not to be announced any more")
      ])
    bench.send(.stop)
    #expect(bench.takeActions() == [.free(kept.id)])
    #expect(
      bench.takeEvents() == [.withdrawn(kept.id, instance: "a", reason: "announcing ends")])
  }

  @Test("a name that another host or program has is left for an alternative, which is remembered")
  func collision() {
    let bench = PublisherBench()
    bench.takenElsewhere = ["box"]
    bench.takenHere = ["box #2"]
    let service = AnnouncedService.of()
    bench.want(service)
    bench.send(.running(host: "alpha"))
    bench.probe()
    #expect(
      bench.takeEvents() == [.up, .announced(service, instance: "box #3", host: "alpha")])
    #expect(bench.state.alternatives == [service.id: "box #3"])

    let later = PublisherBench(alternatives: bench.state.alternatives)
    later.want(service)
    later.send(.running(host: "alpha"))
    later.probe()
    #expect(later.takeEvents().last == .announced(service, instance: "box #3", host: "alpha"))
    later.want()
    #expect(later.state.alternatives == [service.id: "box #3"])
  }

  @Test("the key of an alternative has the host's name in it")
  func alternativeOfHost() {
    let bench = PublisherBench()
    bench.takenElsewhere = ["alpha"]
    bench.want(.of("%h"))
    bench.send(.running(host: "alpha"))
    bench.probe()
    #expect(bench.state.alternatives == [AnnouncedService.of("alpha").id: "alpha #2"])
  }

  @Test("a name that is lost to another host after a while is told as withdrawn")
  func lateCollision() {
    let service = AnnouncedService.of()
    let bench = running(service)
    bench.send(.group(service.id, .collision))
    bench.probe()
    #expect(
      bench.takeEvents() == [
        .withdrawn(service.id, instance: "box", reason: "another has the name \"box\""),
        .announced(service, instance: "box #2", host: "alpha"),
      ])
  }

  @Test("two services of ours with one name get two, in the list's order, and the same ones again")
  func ourOwn() {
    let services = [AnnouncedService.of("%h"), .of("alpha", port: 2), .of("alpha", "_llm._tcp")]
    let bench = PublisherBench()
    bench.takenElsewhere = ["alpha"]
    bench.send(.wanted(services))
    bench.send(.running(host: "alpha"))
    bench.probe()
    let names = bench.onAir
    #expect(names[services[0].id] == "alpha #3")
    #expect(names[services[1].id] == "alpha #2")
    #expect(names[services[2].id] == "alpha #2")
    let again = PublisherBench(alternatives: bench.state.alternatives)
    again.send(.wanted(services))
    again.send(.running(host: "alpha"))
    again.probe()
    #expect(again.onAir == names)
    #expect(again.faults == [] && bench.faults == [])
  }

  @Test("when every name is taken it is refused once, tried again after a minute, and not before")
  func exhausted() {
    let bench = PublisherBench()
    let names = (2...60).map { "box #\($0)" }
    bench.takenHere = Set(["box"] + names)
    let service = AnnouncedService.of()
    bench.want(service)
    bench.send(.running(host: "alpha"))
    #expect(bench.takeActions().count == PublisherState.maximumCollisions + 1)
    #expect(
      bench.takeEvents() == [
        .up, .refused(service.id, reason: "20 names in a row are taken, up to \"box #20\""),
      ])
    bench.pass(.seconds(59))
    #expect(bench.takeActions() == [])
    bench.takenHere = []
    bench.pass(.seconds(2))
    bench.probe()
    #expect(bench.takeEvents() == [.announced(service, instance: "box", host: "alpha")])
    #expect(bench.state.nextDeadline == nil)
  }

  @Test("a host that changes its name has all published anew under it")
  func renamed() {
    let (named, other) = (AnnouncedService.of("%h"), AnnouncedService.of("other"))
    let bench = running(named, other)
    bench.send(.settling)
    #expect(bench.takeActions() == [.reset(named.id), .reset(other.id)])
    #expect(bench.onAir.isEmpty)
    _ = bench.takeEvents()
    bench.send(.running(host: "omega"))
    bench.probe()
    #expect(
      bench.takeEvents() == [
        .announced(named, instance: "omega", host: "omega"),
        .announced(other, instance: "other", host: "omega"),
      ])
  }

  @Test("a name of a host that was not seen to settle is enough")
  func renamedUnseen() {
    let service = AnnouncedService.of("%h")
    let bench = running(service)
    bench.send(.running(host: "omega"))
    bench.probe()
    #expect(bench.onAir == [service.id: "omega"])
    #expect(bench.faults == [])
  }

  @Test("when avahi-daemon goes all is withdrawn, down is told once, and all returns after it")
  func outage() {
    let service = AnnouncedService.of()
    let bench = running(service)
    for _ in 0..<3 { bench.send(.disconnected(reason: "gone")) }
    #expect(
      bench.takeEvents() == [
        .withdrawn(service.id, instance: "box", reason: "gone"), .down(reason: "gone"),
      ])
    #expect(bench.takeActions() == [])
    bench.send(.settling)
    bench.send(.running(host: "alpha"))
    bench.probe()
    #expect(
      bench.takeEvents() == [.up, .announced(service, instance: "box", host: "alpha")])
  }

  @Test("where publishing is forbidden, that is told once, and tried again with another list only")
  func forbidden() {
    let bench = PublisherBench()
    bench.obstacle = .notPermitted(reason: "no")
    bench.want(.of("a"), .of("b"))
    bench.send(.running(host: "alpha"))
    #expect(bench.takeEvents() == [.down(reason: "no")])
    #expect(bench.state.isForbidden)
    #expect(bench.state.nextDeadline == nil)
    _ = bench.takeActions()
    bench.want(.of("a"), .of("b"))
    bench.send(.settling)
    bench.send(.running(host: "omega"))
    #expect(bench.takeActions() == [])
    bench.want(.of("a"))
    #expect(bench.takeEvents() == [])
    #expect(bench.takeActions().count == 2)
    bench.send(.disconnected(reason: "gone"))
    #expect(!bench.state.isForbidden)
    bench.obstacle = nil
    bench.send(.running(host: "alpha"))
    bench.probe()
    #expect(
      bench.takeEvents() == [
        .down(reason: "gone"), .up, .announced(.of("a"), instance: "a", host: "alpha"),
      ])
  }

  @Test("an obstacle to one service is told once and tried again ever more rarely, others go on")
  func refused() {
    let bench = PublisherBench()
    bench.obstacle = .other(reason: "no room")
    let service = AnnouncedService.of()
    bench.want(service)
    bench.send(.running(host: "alpha"))
    bench.pass(.seconds(600))
    #expect(bench.takeEvents() == [.up, .refused(service.id, reason: "no room")])
    // At 0, 1, 3, 7, 15, 31 and 63 s, then each 60 s.
    #expect(bench.takeActions().count == 7 + 8)
    bench.obstacle = nil
    bench.want(service, .of("other"))
    bench.probe()
    #expect(bench.takeEvents() == [.announced(.of("other"), instance: "other", host: "alpha")])
    bench.pass(.seconds(60))
    bench.probe()
    #expect(bench.onAir.count == 2)
  }

  @Test("a group that fails is emptied, and its service tried again")
  func failure() {
    let service = AnnouncedService.of()
    let bench = running(service)
    bench.send(.group(service.id, .failure(reason: "broken")))
    #expect(bench.takeActions() == [.reset(service.id)])
    #expect(
      bench.takeEvents() == [
        .withdrawn(service.id, instance: "box", reason: "broken"),
        .refused(service.id, reason: "broken"),
      ])
    bench.pass(.seconds(1))
    bench.probe()
    #expect(bench.onAir == [service.id: "box"])
  }

  @Test(
    "a name that is none on this host is refused, and never reaches Avahi", arguments: ["", "a\0b"])
  func badName(host: String) {
    let bench = PublisherBench()
    bench.want(.of("%h"))
    bench.send(.running(host: host))
    #expect(bench.takeActions() == [])
    guard case .refused(_, let reason) = bench.takeEvents().last else {
      Issue.record("nothing refused")
      return
    }
    #expect(reason.hasPrefix("its name on this host must not "))
    bench.send(.running(host: "alpha"))
    bench.probe()
    #expect(bench.onAir.values.sorted() == ["alpha"])
  }

  @Test("states that were on their way when a group was emptied say nothing of what is in it now")
  func outdatedStates() {
    var states = GroupStates()
    let isInitialCurrent = states.isCurrent(.uncommitted)
    #expect(!isInitialCurrent)
    states.wasCommitted()
    let isFirstCurrent = states.isCurrent(.registering)
    #expect(isFirstCurrent)
    states.wasReset()
    states.wasCommitted()
    states.wasReset()
    states.wasReset()
    states.wasCommitted()
    let told: [PublisherState.GroupState] = [
      .established, .uncommitted, .registering, .collision, .uncommitted, .registering,
      .established,
    ]
    let current = told.map { states.isCurrent($0) }
    #expect(current == [false, false, false, false, false, true, true])
  }
}
