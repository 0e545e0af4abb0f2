import Foundation
import Testing
import WebBridge

struct ChangeRuleTests {
  @Test(
    "root, the daemon's own user and the group's members may change state, nobody else",
    arguments: [
      (0, 0, [], true), (0, 5, [7], true), (100, 5, [], true), (101, 5, [], false),
      (101, 50, [], true), (101, 5, [7, 50], true), (101, 5, [7, 51], false),
      (50, 5, [100, 0], false), (101, 0, [0], false), (65_534, 65_534, [65_534], false),
      (.max, .max, [], false),
    ] as [(UInt32, UInt32, [UInt32], Bool)])
  func table(user: UInt32, group: UInt32, groups: [UInt32], isAllowed: Bool) {
    let peer = PeerCredentials(user: user, group: group, groups: groups)
    #expect(ChangeRule(ownUser: 100, group: 50).allows(peer) == isAllowed)
  }

  @Test("without the group nobody is in it")
  func noGroup() {
    let rule = ChangeRule(groupNamed: "no such group \(UUID())")
    #expect(rule.group == nil && rule.ownUser == geteuid())
    #expect(!rule.allows(PeerCredentials(user: rule.ownUser + 1, group: 0, groups: [0])))
    #expect(rule.allows(PeerCredentials(user: rule.ownUser, group: 9)))
  }

  @Test("whom a user namespace does not know is nobody's user and in nobody's group")
  func overflow() {
    let rule = ChangeRule(ownUser: 65_534, group: 65_534)
    #expect(!rule.allows(PeerCredentials(user: 65_534, group: 65_534, groups: [65_534])))
    #expect(rule.allows(PeerCredentials(user: 0, group: 65_534)))
  }

  @Test("a group is found by its name")
  func group() {
    #expect(ChangeRule(groupNamed: "root").group == 0)
  }

  @Test("the kernel tells whose process connected")
  func credentials() throws {
    let directory = NSTemporaryDirectory() + "peer-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let listener = try UnixListener(path: directory + "/api.sock")
    defer { close(listener.descriptor) }
    let connection = try RawConnection(directory + "/api.sock")
    let accepted = accept(listener.descriptor, nil, nil)
    defer { close(accepted) }
    let peer = try #require(PeerCredentials(of: accepted))
    var groups = [gid_t](repeating: 0, count: 65_536)
    let count = getgroups(Int32(groups.count), &groups)
    #expect(peer.user == geteuid() && peer.group == getegid())
    #expect(Set(peer.groups) == Set(groups.prefix(Int(count))))
    #expect(PeerCredentials(of: -1) == nil)
    withExtendedLifetime(connection) {}
  }

  private static let tools = ["/usr/bin/setpriv", "/usr/bin/curl"]

  private static var canChangeUser: Bool {
    geteuid() == 0 && tools.allSatisfy { access($0, X_OK) == 0 }
  }

  @Test(
    "the kernel tells all groups of another user's process",
    .enabled(if: canChangeUser, "it needs root, setpriv and curl"))
  func otherUser() throws {
    let directory = NSTemporaryDirectory() + "peer-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let listener = try UnixListener(path: directory + "/api.sock")
    defer { close(listener.descriptor) }
    // More than there is room for at first.
    let groups: [UInt32] = Array(5000..<5200)
    let client = Process()
    client.executableURL = URL(fileURLWithPath: Self.tools[0])
    client.arguments = [
      "--reuid=12345", "--regid=12346",
      "--groups=" + groups.map(String.init).joined(separator: ","), Self.tools[1], "--silent",
      "--unix-socket", directory + "/api.sock", "http://localhost/",
    ]
    try client.run()
    var entry = pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)
    #expect(poll(&entry, 1, 60_000) == 1)
    let accepted = accept(listener.descriptor, nil, nil)
    let peer = PeerCredentials(of: accepted)
    // A process that another test is just starting may have it open for a moment longer.
    shutdown(accepted, Int32(SHUT_RDWR))
    close(accepted)
    client.waitUntilExit()
    #expect(peer == PeerCredentials(user: 12_345, group: 12_346, groups: groups))
    #expect(peer.map(ChangeRule(ownUser: 0, group: 5_199).allows) == true)
    #expect(peer.map(ChangeRule(ownUser: 0, group: 5_200).allows) == false)
  }

  @Test(
    "what may be asked for depends on who asks, and reading never does",
    arguments: [
      (Requester.network, "GET", true, nil), (.network, "HEAD", false, nil),
      (.network, "POST", true, "read_only"), (.network, "POST", false, "read_only"),
      (.network, "DELETE", true, "read_only"), (.local(mayChange: false), "GET", true, nil),
      (.local(mayChange: false), "POST", false, nil),
      (.local(mayChange: false), "POST", true, "\"forbidden\""),
      (.local(mayChange: false), "DELETE", true, "\"forbidden\""),
      (.local(mayChange: true), "POST", true, nil), (.local(mayChange: true), "DELETE", true, nil),
    ] as [(Requester, String, Bool, String?)])
  func refusals(requester: Requester, method: String, changesState: Bool, code: String?) {
    let refusal = requester.refusal(of: method, changesState: changesState)
    #expect((refusal == nil) == (code == nil))
    guard let refusal, let code else { return }
    #expect(refusal.status == .forbidden)
    #expect(String(decoding: refusal.body.bytes, as: UTF8.self).contains(code))
  }

  @Test("who may change nothing has no long body kept")
  func bodies() {
    let head = "POST /v1/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000\r\n\r\n"
    let table: [(Requester, String)] = [
      (.network, "HTTP/1.1 413 "), (.local(mayChange: false), "HTTP/1.1 413 "),
      (.local(mayChange: true), ""),
    ]
    for (requester, start) in table {
      let model = newModel()
      var connection = HTTPConnection(limits: .init(), by: requester, at: noon)
      connection.receive(Array(head.utf8), at: noon)
      _ = connection.advance(model, at: noon)
      var buffer = [UInt8](repeating: 0, count: 13)
      let count = buffer.withUnsafeMutableBytes { connection.take(into: $0, from: model) }
      #expect(String(decoding: buffer[..<count], as: UTF8.self) == start)
    }
  }
}
