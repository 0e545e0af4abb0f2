import DiscoveryCore
import Testing

@testable import NexusDiscovery

@Suite("What a program announces")
struct AnnouncementTests {
  @Test("a service without a name has its host's, and a name of its own is taken as it is")
  func names() throws {
    let byHost = try AnnouncedService(name: nil, type: "_lmserv._tcp", port: 8000, txt: [:])
    #expect(byHost.instanceName(onHost: "gpu-box") == "gpu-box")
    for name in ["a node", "100%", "%h", "%%h", "50%host", "Büro 2.OG", "e\u{301}%h"] {
      let service = try AnnouncedService(name: name, type: "_lmserv._tcp", port: 8000, txt: [:])
      #expect(service.instanceName(onHost: "gpu-box") == name)
    }
  }

  @Test("attributes are in the same order each time")
  func txt() throws {
    let service = try AnnouncedService(
      name: nil, type: "_llm._tcp.local.", port: 1,
      txt: ["version": "1", "type": "vllm", "info": "two\nlines", "models": ""])
    #expect(service.type.name == "_llm._tcp")
    #expect(
      service.txt
        == TXTRecord(["info": "two\nlines", "models": "", "type": "vllm", "version": "1"])
    )
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    var name: String?
    var type = "_lmserv._tcp"
    var port = 8000
    var txt: [String: String] = [:]
    let message: String

    var testDescription: String { message }
  }

  @Test(
    "what must not be announced is refused with the rule's name",
    arguments: [
      Refusal(name: "", message: "name must not be empty (RFC 6763 §4.1.1)"),
      Refusal(
        name: String(repeating: "ä", count: 32),
        message: "name must be at most 63 bytes long, but has 64 (RFC 6763 §4.1.1)"),
      Refusal(name: "a\nb", message: "name must not hold control characters (RFC 6763 §4.1.1)"),
      Refusal(
        type: "lmserv",
        message: "bad service type \"lmserv\": a service type has two labels, as in"
          + " \"_ollama._tcp\" (RFC 6763 §7)"),
      Refusal(port: 0, message: "port must be 1 to 65535, but is 0 (RFC 6335 §6)"),
      Refusal(port: 65536, message: "port must be 1 to 65535, but is 65536 (RFC 6335 §6)"),
      Refusal(
        txt: ["a=b": "c"],
        message: "TXT \"a=b\" must have a key of printable ASCII without \"=\" (RFC 6763 §6.4)"),
      Refusal(
        txt: ["info": String(repeating: "x", count: 251)],
        message: "TXT \"info\" must be at most 255 bytes long with its key, but has 256"
          + " (RFC 6763 §6.1)"),
      Refusal(
        txt: ["a": "1", "A": "2"],
        message: "the TXT record must have the key \"a\" only once, in any case (RFC 6763 §6.4)"),
    ])
  func refusals(_ refusal: Refusal) async {
    await #expect(throws: AnnouncementError.invalid(refusal.message)) {
      _ = try await announceSelf(
        name: refusal.name, type: refusal.type, port: refusal.port, txt: refusal.txt)
    }
  }

  private static let service = AnnouncedService(
    name: "box", type: BackendType.lmserv.serviceType ?? ServiceType.defaults[0], port: 8000)

  @Test("it has a name while it is on the air, and a reason while it is not")
  func progress() {
    let id = Self.service.id
    var state = AnnouncementState()
    #expect(state.name == nil && state.error == nil)
    state.take(.up)
    #expect(state.name == nil && state.error == nil)
    state.take(.announced(Self.service, instance: "box", host: "gpu"))
    #expect(state.name == "box" && state.error == nil)
    state.take(.announced(Self.service, instance: "box #2", host: "gpu"))
    #expect(state.name == "box #2")
    state.take(.withdrawn(id, instance: "box #2", reason: "avahi-daemon went away"))
    #expect(state.name == nil)
    state.take(.down(reason: "Daemon not running"))
    #expect(state.name == nil && state.error == .unavailable("Daemon not running"))
    state.take(.up)
    #expect(state.error == nil)
    state.take(.refused(id, reason: "Not permitted"))
    #expect(state.error == .refused("Not permitted"))
    state.take(.up)
    #expect(state.error == .refused("Not permitted"))
    state.take(.announced(Self.service, instance: "box", host: "gpu"))
    #expect(state.name == "box" && state.error == nil)
  }
}
