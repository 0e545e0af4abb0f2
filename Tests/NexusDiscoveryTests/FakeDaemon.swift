import Foundation
import Synchronization

/// A daemon that says what a test wants it to, over HTTP on a Unix socket of its own.
final class FakeDaemon: Sendable {
  struct Failure: Error {}

  let socket: String
  private let listener: Int32
  private let answers: Mutex<[String: [String]]>
  private let seen = Mutex<[String]>([])

  /// The requests so far, each its first line and headers.
  var heads: [String] { seen.withLock { $0 } }

  /// The request lines so far, without the protocol: `GET /v1/backends?type=ollama`.
  var requests: [String] {
    heads.map { $0.split(separator: " ", maxSplits: 2).prefix(2).joined(separator: " ") }
  }

  /// Answers a path (without its query) with a whole HTTP response, and closes; other paths get 404.
  convenience init(_ answers: [String: String]) throws {
    try self.init(inTurn: answers.mapValues { [$0] })
  }

  /// Gives the answers of a path in turn, the last one again and again.
  init(inTurn answers: [String: [String]]) throws {
    self.answers = Mutex(answers)
    socket =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("fake-\(UUID().uuidString.prefix(8)).sock").path
    listener = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) }
    }
    guard isBound == 0, listen(listener, 16) == 0 else { throw Failure() }
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { break }
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        serve(connection)
        // A process that another test is just starting may have it open for a moment longer.
        shutdown(connection, Int32(SHUT_RDWR))
        close(connection)
      }
      close(listener)
    }
  }

  /// Ends it: nothing answers at the socket from here on.
  func stop() {
    // The thread closes the descriptor, so that it never accepts on another's of the same number.
    shutdown(listener, Int32(SHUT_RDWR))
    unlink(socket)
  }

  private func serve(_ connection: Int32) {
    var request: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !String(decoding: request, as: UTF8.self).contains("\r\n\r\n") {
      let count = read(connection, &buffer, buffer.count)
      guard count > 0 else { return }
      request += buffer[..<count]
    }
    let words = String(decoding: request, as: UTF8.self).split(separator: " ", maxSplits: 2)
    guard words.count == 3 else { return }
    seen.withLock { $0.append(String(decoding: request, as: UTF8.self)) }
    let path = String(words[1].prefix { $0 != "?" })
    let next = answers.withLock { answers -> String? in
      guard let inTurn = answers[path] else { return nil }
      if inTurn.count > 1 { answers[path]?.removeFirst() }
      return inTurn.first
    }
    let answer =
      next ?? Self.json(404, "{\"error\":{\"code\":\"not_found\",\"message\":\"no\"}}")
    _ = answer.withCString { send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
  }

  /// A response of JSON.
  static func json(_ status: Int, _ body: String) -> String {
    "HTTP/1.1 \(status) X\r\ncontent-type: application/json\r\n"
      + "content-length: \(body.utf8.count)\r\nconnection: close\r\n\r\n\(body)"
  }

  /// A response of server-sent events (name, id, data), after which the daemon ends.
  static func events(_ events: [(String, Int, String)]) -> String {
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
      + events.map { "event: \($0)\nid: \($1)\ndata: \($2)\n\n" }.joined()
  }
}
