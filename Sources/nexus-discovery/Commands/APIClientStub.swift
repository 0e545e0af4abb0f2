struct APIResponse { var status: Int; var body: [UInt8] }
struct ServerSentEvent { var event: String; var id: String?; var data: String }
enum APIClientError: Error { case noDaemon(path: String, reason: String); case failed(String) }
struct APIClient: Sendable {
  init(socket: String) { self.socket = socket }
  let socket: String
  func send(_ method: String, _ path: String) throws(APIClientError) -> APIResponse {
    throw .noDaemon(path: socket, reason: "no such file or directory")
  }
  func watch(_ path: String, lastEventID: String?, onEvent: (ServerSentEvent) throws -> Bool) throws
  { throw APIClientError.noDaemon(path: socket, reason: "x") }
}
