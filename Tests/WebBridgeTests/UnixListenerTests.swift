import Foundation
import Synchronization
import Testing
import WebBridge

/// Leaves a socket at which nobody listens. Closing it would do only once no process that another test
/// is just starting has it open: until then it would be in use.
private func abandon(_ listener: UnixListener) {
  shutdown(listener.descriptor, Int32(SHUT_RDWR))
  close(listener.descriptor)
}

struct UnixListenerTests {
  private let directory = NSTemporaryDirectory() + "listen-\(UUID().uuidString.prefix(8))"
  private var path: String { directory + "/deep/api.sock" }

  private func mode(_ path: String) -> UInt32? {
    var info = stat()
    return lstat(path, &info) == 0 ? info.st_mode & 0o777 : nil
  }

  @Test("makes the directory and a socket that everybody can reach, whatever the umask")
  func permissions() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let listener = try UnixListener(path: path)
    defer { close(listener.descriptor) }
    #expect(mode(directory) == 0o755)
    #expect(mode(directory + "/deep") == 0o755)
    #expect(mode(path) == 0o666)
  }

  @Test("replaces a socket that nobody listens at, and says who listens at one in use")
  func staleAndInUse() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let first = try UnixListener(path: path)
    #expect(throws: WebServerError.socketInUse(path: path, pid: getpid())) {
      try UnixListener(path: path)
    }
    abandon(first)
    let second = try UnixListener(path: path)
    defer { close(second.descriptor) }
    second.removeFile()
    #expect(mode(path) == nil)
  }

  @Test("of many that find a stale socket at once, one gets it and the others are told")
  func simultaneousStarts() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = path
    for _ in 0..<500 {
      abandon(try UnixListener(path: path))
      let results = Mutex<[Result<UnixListener, WebServerError>]>([])
      DispatchQueue.concurrentPerform(iterations: 8) { _ in
        let result: Result<UnixListener, WebServerError>
        do throws(WebServerError) {
          result = .success(try UnixListener(path: path))
        } catch {
          result = .failure(error)
        }
        results.withLock { $0.append(result) }
      }
      var listeners: [UnixListener] = []
      for result in results.withLock({ $0 }) {
        switch result {
        case .success(let listener): listeners.append(listener)
        case .failure(let error): #expect(error == .socketInUse(path: path, pid: getpid()))
        }
      }
      #expect(listeners.count == 1)
      for listener in listeners { abandon(listener) }
    }
  }

  @Test("waits for another that is starting, but not for ever")
  func lockedDirectory() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    abandon(try UnixListener(path: path))
    let lock = open(directory + "/deep", O_RDONLY | O_DIRECTORY)
    defer { close(lock) }
    #expect(flock(lock, LOCK_EX) == 0)
    let start = ContinuousClock.now
    abandon(try UnixListener(path: path))
    #expect(start.duration(to: .now) > .milliseconds(500))
  }

  @Test("removes only its own file")
  func removal() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let first = try UnixListener(path: path)
    defer { close(first.descriptor) }
    unlink(path)
    let second = try UnixListener(path: path)
    defer { close(second.descriptor) }
    first.removeFile()
    #expect(mode(path) != nil)
    second.removeFile()
    #expect(mode(path) == nil)
  }

  @Test("leaves alone what is no socket, and says why it cannot listen")
  func refusals() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    let file = directory + "/file"
    try Data("precious".utf8).write(to: URL(fileURLWithPath: file))
    #expect(throws: WebServerError.notASocket(path: file)) { try UnixListener(path: file) }
    #expect(FileManager.default.contents(atPath: file) == Data("precious".utf8))
    let table: [(String, Int32)] = [
      (file + "/api.sock", ENOTDIR), ("/proc/no/api.sock", ENOENT),
      (directory + "/" + String(repeating: "a", count: 100), ENAMETOOLONG),
    ]
    for (path, expected) in table {
      #expect {
        try UnixListener(path: path)
      } throws: { error in
        guard case .system(_, let code, let text)? = error as? WebServerError else { return false }
        return code == expected && !text.isEmpty
      }
    }
  }
}

struct APIClientTests {
  @Test("says why there is no daemon")
  func noDaemon() throws {
    let directory = NSTemporaryDirectory() + "client-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = directory + "/api.sock"
    abandon(try UnixListener(path: path))
    let missing = directory + "/missing.sock"
    #expect(throws: APIClientError.noDaemon(path: path, reason: "Connection refused")) {
      try APIClient(socket: path).send("GET", "/healthz")
    }
    #expect(throws: APIClientError.noDaemon(path: missing, reason: "No such file or directory")) {
      try APIClient(socket: missing).send("GET", "/healthz")
    }
  }

  @Test("gives up on a daemon that does not answer")
  func timeout() throws {
    let directory = NSTemporaryDirectory() + "client-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let listener = try UnixListener(path: directory + "/api.sock")
    defer { close(listener.descriptor) }
    #expect(throws: APIClientError.timedOut) {
      try APIClient(socket: directory + "/api.sock")
        .send("GET", "/healthz", timeout: .milliseconds(50))
    }
  }
}
