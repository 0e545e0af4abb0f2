import APIModel
import DiscoveryCore
import Testing

@testable import nexus_discovery

@Suite("What is told of announcements")
struct AnnouncementTests {
  private let service = AnnouncedService(name: "%h", type: ServiceType.defaults[0], port: 11434)

  @Test("the board follows the publisher, and is silent as long as nothing changes")
  func board() {
    var board = AnnouncementBoard()
    func state(_ events: PublisherEvent...) -> [AnnouncementDocument]? {
      for event in events { board.take(event) }
      return board.documents(wanted: [service], withheld: [])
    }
    #expect(state()?.map(\.state) == [.pending])
    #expect(state() == nil)
    let up = state(.up, .announced(service, instance: "box #2", host: "box"))
    #expect(up == [AnnouncementDocument(service, .announced, instance: "box #2")])
    let down = state(
      .withdrawn(service.id, instance: "box #2", reason: "gone"), .down(reason: "no daemon"))
    #expect(down == [AnnouncementDocument(service, .pending, reason: "no daemon")])
    let refused = state(.up, .refused(service.id, reason: "too many"))
    #expect(refused == [AnnouncementDocument(service, .pending, reason: "too many")])
    #expect(state(.down(reason: "away"), .up)?.first?.reason == "its name is being claimed")
    #expect(
      board.documents(wanted: [service], withheld: [], hasNetwork: false)
        == [AnnouncementDocument(service, .pending, reason: "this machine has no network")])
    #expect(
      board.documents(wanted: [], withheld: [(service, "nothing listens")])
        == [AnnouncementDocument(service, .withheld, reason: "nothing listens")])
  }

  @Test("records name the service as it is on the air, and say when that is not what was asked for")
  func records() {
    let plain = PublisherEvent.announced(service, instance: "box", host: "box").record
    #expect(plain.event == .announced)
    #expect(plain.message == "box is announced as _ollama._tcp at port 11434")
    #expect(plain.fields == [.name: "box", .instance: "box._ollama._tcp.local"])
    let other = PublisherEvent.announced(service, instance: "box #2", host: "box").record
    #expect(other.message.hasSuffix("; the name box is taken"))
    let gone = PublisherEvent.withdrawn(service.id, instance: "box", reason: "r").record
    #expect(gone.event == .withdrawn && gone.fields[.reason] == "r")
    #expect(PublisherEvent.down(reason: "r").record.level == .warn)
  }
}
