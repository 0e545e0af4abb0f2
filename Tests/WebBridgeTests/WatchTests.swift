import APIModel
import DiscoveryCore
import Foundation
import Testing
import WebBridge

/// A set of backends kept by a reader of events, as any client would.
private struct Follower {
  private(set) var revision: UInt64 = 0
  private(set) var backends: [String: BackendDocument] = [:]
  private(set) var snapshots = 0
  private(set) var gaps = 0

  mutating func take(_ event: ServerSentEvent) throws {
    let id = UInt64(event.id ?? "") ?? 0
    let bytes = Array(event.data.utf8)
    if event.name == WatchEvent.snapshot.rawValue {
      let list = try JSONText.decode(BackendListDocument.self, from: bytes)
      backends = Dictionary(uniqueKeysWithValues: list.backends.map { ($0.id, $0) })
      revision = list.revision
      snapshots += 1
      return
    }
    if id != revision + 1 { gaps += 1 }
    revision = id
    let backend = try JSONText.decode(BackendDocument.self, from: bytes)
    backends[backend.id] = event.name == "removed" ? nil : backend
  }
}

/// Reads events of a raw connection, whose reading the test can hold.
private func follow(_ connection: RawConnection, until last: UInt64) throws -> Follower {
  var follower = Follower()
  var parser = ResponseParser()
  var events = ServerSentEventParser()
  var seen = 0
  _ = connection.receive { text in
    // `text` grows: only what is new is read.
    let bytes = Array(text.utf8.dropFirst(seen))
    seen = text.utf8.count
    try? parser.append(bytes)
    for event in events.append(parser.takeBody()) { try? follower.take(event) }
    return follower.revision >= last
  }
  return follower
}

/// A scripted life of many backends: each revision one change.
private func life(from first: UInt64, count: Int) -> [RegistryChange] {
  (0..<count).map { index in
    let revision = first + UInt64(index)
    let name = "backend-\(index % 50)"
    let round = index / 50
    let kind: RegistryChange.Kind =
      round % 4 == 3 ? .removed : round % 4 == 0 ? .added : .updated
    return RegistryChange(
      revision: revision, kind: kind, backend: backend(name, version: "1.\(index)"))
  }
}

@Suite(.serialized)
struct WatchTests {
  private let request = "GET /v1/watch HTTP/1.1\r\nHost: x\r\n\r\n"

  @Test("a watcher gets a snapshot, then each change with its revision")
  func snapshotThenChanges() async throws {
    let server = try TestServer()
    await server.server.publish(snapshot(7, [backend("one")]))
    let connection = try RawConnection(server.path)
    connection.send(request)
    let start = connection.receive { $0.hasSuffix("\n\n") }
    #expect(start.contains("Content-Type: text/event-stream\r\n"))
    #expect(start.contains("event: snapshot\nid: 7\ndata: {\"revision\":7,\"backends\":[{"))
    let kinds = RegistryChange.Kind.allCases
    await server.server.publish(
      changes(
        kinds.enumerated().map {
          RegistryChange(revision: UInt64(8 + $0.offset), kind: $0.element, backend: backend("two"))
        }))
    var parser = ServerSentEventParser()
    let text = connection.receive { $0.contains("event: removed") && $0.hasSuffix("\n\n") }
    let events = parser.append(text.utf8)
    #expect(events.map(\.name) == kinds.map(\.rawValue))
    #expect(events.map(\.id) == (8..<14).map { "\($0)" })
    for event in events {
      let document = try JSONText.decode(BackendDocument.self, from: Array(event.data.utf8))
      #expect(document.name == "two")
    }
  }

  @Test("the client's watch reads events and ends when it is told to")
  func clientWatch() async throws {
    let server = try TestServer()
    await server.server.publish(snapshot(1, []))
    let publisher = server.server
    // On a thread of its own: those that tasks share are few, and what it waits for needs one.
    let seen = try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        let result = Result<[String], any Error> {
          var seen: [String] = []
          try server.client.watch("/v1/watch", lastEventID: nil) {
            seen.append("open")
          } onEvent: { event in
            seen.append("\(event.name) \(event.id ?? "-")")
            if event.name == "snapshot" {
              Task {
                await publisher.publish(
                  changes([RegistryChange(revision: 2, kind: .added, backend: backend("x"))]))
              }
            }
            return event.name != "added"
          }
          return seen
        }
        continuation.resume(with: result)
      }
    }
    #expect(seen == ["open", "snapshot 1", "added 2"])
    #expect {
      try server.client.watch("/v1/nothing", lastEventID: nil, onEvent: { _ in true })
    } throws: { error in
      guard case .refused(404, _)? = error as? APIClientError else { return false }
      return true
    }
  }

  @Test("a reader that comes back goes on where it was, and gets a snapshot when that is too old")
  func resumes() async throws {
    let server = try TestServer { $0.events.count = 10 }
    await server.server.publish(snapshot(100, []))
    let first = try RawConnection(server.path)
    first.send(request)
    _ = first.receive { $0.hasSuffix("\n\n") }
    await server.server.publish(changes(life(from: 101, count: 20)))
    _ = first.receive { $0.contains("id: 120\n") }

    func resume(_ id: String) throws -> String {
      let connection = try RawConnection(server.path)
      connection.send("GET /v1/watch HTTP/1.1\r\nHost: x\r\nLast-Event-ID: \(id)\r\n\r\n")
      return connection.receive { $0.contains("id: 120\n") }
    }
    #expect(try !resume("115").contains("snapshot"))
    #expect(try resume("115").contains("id: 116\n"))
    #expect(try resume("110").contains("id: 111\n"))
    for old in ["109", "1", "121", "x", "", "+115", "115 ", "99999999999999999999"] {
      // Spaces around a header's value are no part of it.
      #expect(try resume(old).contains("event: snapshot") == (old != "115 "), "\(old)")
    }
  }

  @Test("all watchers end with the same set, also one that stops reading for a while")
  func stalledReader() async throws {
    let server = try TestServer()
    await server.server.publish(snapshot(1, [backend("backend-0")]))
    let watchers = try (0..<3).map { _ in try RawConnection(server.path) }
    for watcher in watchers { watcher.send(request) }
    // From here on nobody reads: what is sent meanwhile is more than sockets and ring hold.
    let all = life(from: 2, count: 10_020)
    for start in stride(from: 0, to: all.count, by: 100) {
      await server.server.publish(changes(Array(all[start..<min(start + 100, all.count)])))
    }
    // It answers after all of that, which may take long where everything is checked.
    let list = try server.client.send("GET", "/v1/backends", timeout: .seconds(120))
      .decode(BackendListDocument.self)
    #expect(list.revision == 10_021)
    let expected = Dictionary(uniqueKeysWithValues: list.backends.map { ($0.id, $0) })
    for watcher in watchers {
      let follower = try follow(watcher, until: 10_021)
      #expect(follower.backends == expected)
      #expect(follower.snapshots >= 2)
      #expect(follower.gaps == 0)
    }
  }

  @Test("a hundred and fifty watchers all get a change")
  func manyWatchers() async throws {
    let server = try TestServer()
    await server.server.publish(snapshot(1, (0..<200).map { backend("backend-\($0)") }))
    let watchers = try (0..<150).map { _ in try RawConnection(server.path) }
    for watcher in watchers { watcher.send(request) }
    for watcher in watchers { _ = watcher.receive { $0.hasSuffix("]}\n\n") } }
    await server.server.publish(
      changes([RegistryChange(revision: 2, kind: .added, backend: backend("new"))]))
    for watcher in watchers {
      #expect(watcher.receive { $0.hasSuffix("\n\n") }.hasPrefix("event: added\nid: 2\n"))
    }
  }

  @Test("a silent stream shows a sign of life")
  func heartbeat() throws {
    let server = try TestServer { $0.heartbeat = .milliseconds(50) }
    let watcher = try RawConnection(server.path)
    watcher.send(request)
    #expect(watcher.receive { $0.hasSuffix("\n\n:\n\n:\n\n") }.contains("event: snapshot"))
  }

  @Test("a reader that takes nothing for too long is let go")
  func stuckReader() async throws {
    let server = try TestServer { $0.connection.write = .milliseconds(100) }
    await server.server.publish(snapshot(1, (0..<3000).map { backend("backend-\($0)") }))
    let stuck = try RawConnection(server.path)
    stuck.send(request)
    var entry = pollfd(fd: stuck.descriptor, events: 0, revents: 0)
    #expect(poll(&entry, 1, 60_000) == 1 && Int32(entry.revents) & POLLHUP != 0)
  }

  @Test("what a watcher sends after its request is ignored")
  func chattyWatcher() async throws {
    let server = try TestServer()
    let watcher = try RawConnection(server.path)
    watcher.send(request + request + "nonsense")
    _ = watcher.receive { $0.hasSuffix("\n\n") }
    watcher.send("more")
    await server.server.publish(
      changes([RegistryChange(revision: 1, kind: .added, backend: backend("new"))]))
    #expect(watcher.receive { $0.hasSuffix("\n\n") }.hasPrefix("event: added\n"))
  }
}
