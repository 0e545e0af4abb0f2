import Glibc
struct APIResponse { var status: Int; var body: [UInt8] }
struct ServerSentEvent { var event: String; var id: String?; var data: String }
enum APIClientError: Error {
  case noDaemon(path: String, reason: String); case refused(status: Int, body: [UInt8]);
  case disconnected; case timedOut
}
struct APIClient: Sendable {
  init(socket: String) { self.socket = socket }
  let socket: String
  private func connected() throws(APIClientError) -> Int32 {
    let fd = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let r = withUnsafePointer(to: &address) { p in
      p.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(fd, $0, size) }
    }
    if r != 0 { throw .noDaemon(path: socket, reason: String(cString: strerror(errno))) }
    return fd
  }
  private func all(_ fd: Int32, _ head: String) -> [UInt8] {
    _ = head.withCString { Glibc.send(fd, $0, strlen($0), 0) }
    var out: [UInt8] = []; var b = [UInt8](repeating: 0, count: 65536)
    while true { let n = read(fd, &b, b.count); if n <= 0 { break }; out += b[..<n] }
    close(fd)
    return out
  }
  func send(_ method: String, _ path: String) throws(APIClientError) -> APIResponse {
    let text = all(
      try connected(), "\(method) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    var i = 0
    while i + 3 < text.count, !(text[i] == 13 && text[i + 1] == 10 && text[i + 2] == 13) { i += 1 }
    let status = Int(String(decoding: text.prefix(12).suffix(3), as: UTF8.self)) ?? 0
    return APIResponse(status: status, body: Array(text.dropFirst(i + 4)))
  }
  func watch(_ path: String, lastEventID: String?, onEvent: (ServerSentEvent) throws -> Bool) throws
  {
    let r = try send("GET", path)
    var e = ServerSentEvent(event: "", id: nil, data: "")
    for line in String(decoding: r.body, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    {
      if line.isEmpty {
        if !e.event.isEmpty, try !onEvent(e) { return };
        e = ServerSentEvent(event: "", id: nil, data: "")
      } else if line.hasPrefix("event: ") {
        e.event = String(line.dropFirst(7))
      } else if line.hasPrefix("id: ") {
        e.id = String(line.dropFirst(4))
      } else if line.hasPrefix("data: ") {
        e.data = String(line.dropFirst(6))
      }
    }
    throw APIClientError.disconnected
  }
}
