import DiscoveryCore
import Foundation
import Testing
import WebBridge

@Suite(.serialized)
struct ProbeLoadTests {
  @Test("hundreds that hang keep neither probes nor requests waiting")
  func hanging() async throws {
    let server = try TestServer()
    defer { server.server.stop() }
    let probes = server.server.probes
    let silent = try LoopbackServer.hanging()
    let peer = try LoopbackServer(answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<300 {
        group.addTask {
          #expect(await probes.send(silent.request(timeout: .seconds(60))) == .failure(.cancelled))
        }
      }
      for _ in 0..<100 {
        group.addTask { #expect(await probes.send(peer.request()).summary == "200 hi") }
      }
      for _ in 0..<100 { await group.next() }
      #expect((try? server.client.get("/healthz").status) == 200)
      group.cancelAll()
    }
    #expect(peer.requests.value == 100)
  }

  @Test("stopping ends probes that hang at once, and those that come later")
  func stops() async throws {
    let server = try TestServer()
    defer { server.server.stop() }
    let probes = server.server.probes
    let (ends, end) = AsyncStream.makeStream(of: Void.self)
    let (starts, start) = AsyncStream.makeStream(of: Void.self)
    let silent = try LoopbackServer { connection in
      start.yield()
      connection.waitForEnd()
      end.yield()
    }
    await withTaskGroup(of: Result<ProbeResponse, ProbeError>.self) { group in
      for _ in 0..<300 {
        group.addTask { await probes.send(silent.request(timeout: .seconds(600))) }
      }
      var started = starts.makeAsyncIterator()
      for _ in 0..<300 { await started.next() }
      let before = MachineClock().now().uptime
      server.server.stop()
      // A few milliseconds where nothing else runs; those that hang have ten minutes.
      #expect(before.duration(to: MachineClock().now().uptime) < .seconds(10))
      for await result in group { #expect(result == .failure(.cancelled)) }
    }
    // Each connection was closed, or this waits for ever.
    var ended = ends.makeAsyncIterator()
    for _ in 0..<300 { await ended.next() }
    #expect(await probes.send(silent.request()) == .failure(.cancelled))
  }

  @Test("a probe whose task is cancelled ends at once, and its connection with it")
  func cancels() async throws {
    let server = try TestServer()
    defer { server.server.stop() }
    let probes = server.server.probes
    let (events, event) = AsyncStream.makeStream(of: String.self)
    let silent = try LoopbackServer { connection in
      event.yield("begun")
      connection.waitForEnd()
      event.yield("ended")
    }
    let task = Task { await probes.send(silent.request(timeout: .seconds(600))) }
    var iterator = events.makeAsyncIterator()
    #expect(await iterator.next() == "begun")
    task.cancel()
    #expect(await task.value == .failure(.cancelled))
    #expect(await iterator.next() == "ended")
    let late = Task {
      while !Task.isCancelled { await Task.yield() }
      return await probes.send(silent.request(timeout: .seconds(600)))
    }
    late.cancel()
    #expect(await late.value == .failure(.cancelled))
  }

  @Test("more than the limit fail at once, and there is room again when one ends")
  func limit() async throws {
    let server = try TestServer { $0.probes = 2 }
    defer { server.server.stop() }
    let probes = server.server.probes
    #expect(probes.limit == 2)
    let (starts, start) = AsyncStream.makeStream(of: Void.self)
    let silent = try LoopbackServer { connection in
      start.yield()
      connection.waitForEnd()
    }
    let peer = try LoopbackServer(answer: "HTTP/1.1 204 No Content\r\n\r\n")
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2 {
        group.addTask { _ = await probes.send(silent.request(timeout: .seconds(600))) }
      }
      var started = starts.makeAsyncIterator()
      for _ in 0..<2 { await started.next() }
      #expect(await probes.send(peer.request()).summary == "too many probes at once")
      group.cancelAll()
    }
    #expect(await probes.send(peer.request()).summary == "204 ")
  }

  @Test("a server that fails ends the probes that others left")
  func failure() async throws {
    let isBroken = Counter()
    let server = try TestServer(setup: { setup in
      setup.fault = { $0 == .wait && isBroken.value > 0 ? ENOMEM : nil }
    })
    let silent = try LoopbackServer.hanging()
    isBroken.increment()
    defer { server.server.stop() }
    let probes = server.server.probes
    #expect(await probes.send(silent.request(timeout: .seconds(600))) == .failure(.cancelled))
    #expect(await probes.send(silent.request(timeout: .seconds(600))) == .failure(.cancelled))
  }
}
