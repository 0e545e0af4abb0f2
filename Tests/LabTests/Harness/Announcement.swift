import Foundation

/// A run of `announce` on a host.
struct Announcement: Sendable {
  /// A line of it.
  struct Event: Decodable, Sendable {
    let event: String
    let time: String
    let name: String?
    let type: String?
    let port: Int?
    let instance: String?
    let host: String?
    let reason: String?
  }

  let process: LabProcess

  /// What it has told so far.
  var events: [Event] {
    process.lines.compactMap { try? JSONDecoder().decode(Event.self, from: Data($0.text.utf8)) }
  }

  /// The name that it has on the air now; nil while it has none.
  var instance: String? {
    let last = events.last { $0.event == "announced" || $0.event == "withdrawn" }
    return last?.event == "announced" ? last?.instance : nil
  }

  /// The first event of that kind after as many others of it.
  @discardableResult
  func event(
    _ kind: String, after others: Int = 0, within limit: Duration = .seconds(40)
  ) async throws -> Event {
    try await eventually(within: limit, "\"\(kind)\" of \(process.title)") {
      let all = events.filter { $0.event == kind }
      return all.count > others ? all[others] : nil
    }
  }
}

extension LabHost {
  /// Announces a service with the tool under test, which tells of it in JSON.
  nonisolated func announce(
    _ name: String, _ type: String = "_ollama._tcp", port: Int = 11434, txt: [String] = []
  ) throws -> Announcement {
    Announcement(
      process: try spawn(
        [
          LabAvailability.binary, "announce", "--json", "--name", name, "--type", type,
          "--port", "\(port)",
        ] + txt.flatMap { ["--txt", $0] }))
  }

  /// Listens with python-zeroconf, which needs neither bus nor avahi-daemon: a JSON line for each
  /// service that comes, changes or goes.
  func listen(to type: String) async throws -> ZeroconfListener {
    let process = try spawn(["/usr/bin/python3", "-c", ZeroconfListener.script, address, type])
    try await process.line(containing: "ready")
    return ZeroconfListener(process: process)
  }
}

/// What python-zeroconf hears of one service type.
struct ZeroconfListener: Sendable {
  struct Heard: Decodable, Hashable, Sendable {
    let event: String
    let name: String
    let port: Int?
    let server: String?
    /// Each attribute, in order; without "=" where it has none.
    let txt: [String]?
  }

  fileprivate static let script = """
    import json, sys, threading
    from zeroconf import IPVersion, ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

    def strings(record):
      while record:
        yield record[1:1 + record[0]].decode()
        record = record[1 + record[0]:]

    class Listener(ServiceListener):
      def tell(self, event, type, name, info=None):
        told = {"event": event, "name": name[:-len(type) - 1]}
        if info:
          told |= {"port": info.port, "server": info.server, "txt": list(strings(info.text))}
        print(json.dumps(told), flush=True)
      def add_service(self, zc, type, name):
        self.tell("added", type, name, zc.get_service_info(type, name, 5000))
      def update_service(self, zc, type, name):
        self.tell("updated", type, name, zc.get_service_info(type, name, 5000))
      def remove_service(self, zc, type, name):
        self.tell("removed", type, name)

    peer = Zeroconf(interfaces=[sys.argv[1]], ip_version=IPVersion.V4Only)
    ServiceBrowser(peer, sys.argv[2] + ".local.", Listener())
    print("ready", flush=True)
    threading.Event().wait()
    """

  let process: LabProcess

  /// The first line that `isRight`, from a line on.
  func heard(
    _ event: String, of name: String, from index: Int = 0, within limit: Duration = .seconds(40)
  ) async throws -> Heard {
    let line = try await process.line(from: index, within: limit, "\(event) \(name)") {
      Self.decode($0.text).map { $0.event == event && $0.name == name } ?? false
    }
    return try JSONDecoder().decode(Heard.self, from: Data(line.text.utf8))
  }

  private static func decode(_ text: String) -> Heard? {
    try? JSONDecoder().decode(Heard.self, from: Data(text.utf8))
  }
}
