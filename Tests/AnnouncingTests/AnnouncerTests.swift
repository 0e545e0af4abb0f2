import Announcing
import DiscoveryCore
import DiscoveryTestKit
import HealthChecks
import Testing

@Suite("Which servers are announced")
struct AnnouncerTests {
  private static let ollama = Findings(type: .ollama, version: "0.5.7", models: ["llama3:8b"])

  private let start = Uptime(nanoseconds: 0)

  private func at(_ seconds: Int) -> Uptime { start.advanced(by: .seconds(seconds)) }

  /// An announcer that has a network.
  private func announcer(_ change: (inout AnnounceSettings) -> Void) -> Announcer {
    var announcer = Announcer(settings: settings(change), at: start)
    announcer.networkChanged(hasAddresses: true, at: start)
    return announcer
  }

  private func settings(_ change: (inout AnnounceSettings) -> Void) -> Announcer.Settings {
    var configuration = Configuration()
    change(&configuration.announce)
    return Announcer.Settings(configuration)
  }

  private func configured(
    _ name: String = "%h", _ type: String = "_ollama._tcp", port: UInt16 = 11434,
    when: AnnounceSettings.Condition = .healthy
  ) throws -> AnnounceSettings.Service {
    AnnounceSettings.Service(
      AnnouncedService(name: name, type: try ServiceType(parsing: type), port: port), when: when)
  }

  /// Carries out all that is due with one verdict; returns the warnings.
  @discardableResult
  private func look(_ announcer: inout Announcer, at now: Uptime, _ verdict: LocalVerdict)
    -> [String]
  {
    announcer.takeDue(at: now).compactMap { announcer.finished($0, verdict) }
  }

  @Test("a service whose port need not answer is there at once, and never looked at")
  func always() throws {
    let service = try configured(when: .always)
    var announcer = announcer { $0.services = [service] }
    #expect(announcer.services == [service.service])
    #expect(announcer.takeDue(at: start) == [])
    #expect(announcer.nextDeadline == nil)
  }

  @Test("a service is announced from its first good answer on, and looked at each interval")
  func healthy() throws {
    let service = try configured()
    var announcer = announcer { $0.services = [service] }
    #expect(announcer.services == [])
    #expect(announcer.absences.map(\.reason) == ["not looked at yet"])
    look(&announcer, at: at(0), .well(Self.ollama))
    #expect(announcer.services == [service.service])
    #expect(announcer.absences.isEmpty)
    #expect(announcer.nextDeadline == at(30))
    #expect(announcer.takeDue(at: at(29)) == [])
    #expect(announcer.takeDue(at: at(30)).count == 1)
  }

  @Test("a dead server is withdrawn at the next look, and back at the first good one")
  func dies() throws {
    let service = try configured()
    var announcer = announcer { $0.services = [service] }
    look(&announcer, at: at(0), .well(Self.ollama))
    look(&announcer, at: at(30), .gone)
    #expect(announcer.services == [])
    #expect(announcer.absences.map(\.reason) == ["nothing listens at port 11434"])
    look(&announcer, at: at(60), .well(Self.ollama))
    #expect(announcer.services == [service.service])
  }

  @Test("a server that is slow or loading is withdrawn after the threshold of bad answers in a row")
  func fails() throws {
    let service = try configured()
    var announcer = announcer { $0.services = [service] }
    look(&announcer, at: at(0), .failing("HTTP 503"))
    #expect(announcer.services == [])
    look(&announcer, at: at(30), .well(Self.ollama))
    for (round, isThere) in [(2, true), (3, true), (4, false), (5, false)] {
      look(&announcer, at: at(30 * round), .failing("timed out after 5 s"))
      #expect(announcer.services.isEmpty != isThere)
    }
    look(&announcer, at: at(180), .well(Self.ollama))
    look(&announcer, at: at(210), .failing("HTTP 503"))
    look(&announcer, at: at(240), .well(Self.ollama))
    look(&announcer, at: at(270), .failing("HTTP 503"))
    #expect(announcer.services == [service.service], "the failures are not in a row")
  }

  @Test("the wrong server is never announced")
  func different() throws {
    let service = try configured()
    var announcer = announcer { $0.services = [service] }
    look(&announcer, at: at(0), .well(Self.ollama))
    look(&announcer, at: at(30), .different("answers as vllm, not as ollama"))
    #expect(announcer.services == [])
    #expect(
      announcer.absences.map(\.reason)
        == ["what listens at port 11434 answers as vllm, not as ollama"])
  }

  @Test("a server on loopback is not announced; how to open it is said once until it was open")
  func loopback() throws {
    let service = try configured()
    var announcer = announcer { $0.services = [service] }
    let first = look(&announcer, at: at(0), .loopbackOnly(Self.ollama))
    #expect(first.count == 1)
    #expect(first.first?.contains("OLLAMA_HOST=0.0.0.0") == true)
    #expect(announcer.services == [])
    #expect(announcer.absences.map(\.reason) == ["only this machine reaches port 11434"])
    #expect(look(&announcer, at: at(30), .loopbackOnly(Self.ollama)) == [])
    #expect(look(&announcer, at: at(60), .gone) == [])
    #expect(look(&announcer, at: at(90), .loopbackOnly(Self.ollama)) == [])
    look(&announcer, at: at(120), .well(Self.ollama))
    #expect(look(&announcer, at: at(150), .loopbackOnly(Self.ollama)).count == 1)
  }

  @Test("only the kinds that are asked for are found, each on its usual port")
  func auto() throws {
    var announcer = announcer { $0.auto = [.llamacpp, .localai, .ollama] }
    let looks = announcer.takeDue(at: start)
    #expect(looks.map(\.probe.port) == [8080, 11434])
    let llama = Findings(type: .llamacpp, version: "b1", models: ["tiny", "a,b", "big"])
    for look in looks {
      let findings = look.probe.port == 8080 ? llama : Findings(type: .koboldcpp)
      #expect(announcer.finished(look, .well(findings)) == nil)
    }
    let llm = try ServiceType(parsing: "_llm._tcp")
    #expect(
      announcer.services == [
        AnnouncedService(
          name: "%h llamacpp", type: llm, port: 8080,
          txt: TXTRecord([
            "type": "llamacpp", "version": "b1", "api_path": "/v1", "models": "tiny,big",
          ]))
      ])
  }

  @Test("a kind with a service type of its own goes by the host's name; loopback is warned of")
  func autoOllama() throws {
    var announcer = announcer { $0.auto = [.ollama] }
    #expect(look(&announcer, at: at(0), .loopbackOnly(Findings(type: .vllm))) == [])
    #expect(announcer.absences.isEmpty)
    #expect(look(&announcer, at: at(30), .loopbackOnly(Self.ollama)).count == 1)
    #expect(announcer.absences.map(\.reason) == ["only this machine reaches port 11434"])
    look(&announcer, at: at(60), .well(Self.ollama))
    let expected = AnnouncedService(
      name: "%h", type: try ServiceType(parsing: "_ollama._tcp"), port: 11434,
      txt: TXTRecord(["type": "ollama", "version": "0.5.7", "models": "llama3:8b"]))
    #expect(announcer.services == [expected])
    var more = Self.ollama
    more.models = ["llama3:8b", "qwen2:7b"]
    look(&announcer, at: at(90), .well(more))
    #expect(announcer.services == [expected], "what changed may be another server")
    let again = announcer.takeDue(at: at(90))
    #expect(again.map(\.probe.depth) == [.everything])
    for look in again { _ = announcer.finished(look, .well(more)) }
    #expect(announcer.nextDeadline == at(120))
    #expect(announcer.services.first?.txt["models"] == "llama3:8b,qwen2:7b")
    #expect(announcer.services.first?.id == expected.id)
  }

  @Test("of many models those are named whose whole names fit into 255 bytes")
  func manyModels() {
    var announcer = announcer { $0.auto = [.ollama] }
    let names = (10..<60).map { "model-\($0):70b-instruct" } + [String(repeating: "m", count: 260)]
    look(&announcer, at: at(0), .well(Findings(type: .ollama, models: names)))
    let models = announcer.services.first?.txt["models"] ?? ""
    #expect((200...248).contains(models.utf8.count))
    #expect(models.split(separator: ",").allSatisfy { names.contains(String($0)) })
  }

  @Test("a port that the configuration names is not looked for a second time")
  func configuredFirst() throws {
    let service = try configured(when: .always)
    var announcer = announcer {
      $0.services = [service]
      $0.auto = [.ollama, .vllm]
    }
    #expect(announcer.takeDue(at: start).map(\.probe.port) == [8000])
  }

  @Test("nothing is announced once it is switched off, nor looked at")
  func disabled() throws {
    let service = try configured()
    var announcer = announcer { $0.services = [service] }
    look(&announcer, at: at(0), .well(Self.ollama))
    announcer.update(
      settings: settings {
        $0.services = [service]
        $0.enabled = false
      }, at: at(1))
    #expect(announcer.services == [] && announcer.absences.isEmpty)
    #expect(announcer.nextDeadline == nil)
  }

  @Test(
    "settings that leave a service as it is leave it on the air; another port is looked at anew")
  func reload() throws {
    let service = try configured()
    var announcer = announcer { $0.services = [service] }
    look(&announcer, at: at(0), .well(Self.ollama))
    var shorter = settings { $0.services = [service] }
    shorter.interval = .seconds(5)
    announcer.update(settings: shorter, at: at(1))
    #expect(announcer.services == [service.service])
    #expect(announcer.nextDeadline == at(6))
    let moved = try configured(port: 11435)
    let late = announcer.takeDue(at: at(6))
    announcer.update(settings: settings { $0.services = [moved] }, at: at(7))
    #expect(announcer.services == [])
    #expect(announcer.takeDue(at: at(7)).map(\.probe.port) == [11435])
    for look in late { #expect(announcer.finished(look, .well(Self.ollama)) == nil) }
    #expect(announcer.services == [], "a look at the old port says nothing of the new one")
  }

  @Test("without a network nobody is looked at; with a new one everybody is, at once")
  func network() throws {
    let service = try configured()
    var announcer = Announcer(settings: settings { $0.services = [service] }, at: start)
    #expect(announcer.takeDue(at: start) == [] && announcer.nextDeadline == nil)
    #expect(announcer.absences.map(\.reason) == ["this machine has no network"])
    announcer.networkChanged(hasAddresses: true, at: at(5))
    #expect(announcer.nextDeadline == at(5))
    look(&announcer, at: at(5), .well(Self.ollama))
    announcer.networkChanged(hasAddresses: true, at: at(7))
    #expect(announcer.nextDeadline == at(7))
    #expect(announcer.services == [service.service])
  }

  @Test("a type that was found is asked for first, and after ten minutes all are told apart again")
  func identifiesAgain() {
    #expect(
      depths(.well(Self.ollama))
        == [.everything] + Array(repeating: .stillIs(.ollama), count: 19)
        + [.everything, .stillIs(.ollama)])
  }

  @Test("a server that nobody wants is asked nothing for ten minutes")
  func leavesStrangersInPeace() {
    for stranger in [Findings(), Findings(type: .koboldcpp)] {
      let depths = depths(.well(stranger), then: .unchanged)
      #expect(
        depths == [.everything] + Array(repeating: .connection, count: 19)
          + [.everything, .connection])
    }
  }

  /// How deep the looks at Ollama's port go for eleven minutes, of which the first and that after ten have
  /// one outcome, and all others another.
  private func depths(
    _ verdict: LocalVerdict, then other: LocalVerdict? = nil
  ) -> [LocalProbe.Depth] {
    var announcer = announcer { $0.auto = [.ollama] }
    var depths: [LocalProbe.Depth] = []
    for second in stride(from: 0, through: 630, by: 30) {
      for look in announcer.takeDue(at: at(second)) {
        depths.append(look.probe.depth)
        _ = announcer.finished(look, look.probe.depth == .everything ? verdict : other ?? verdict)
      }
    }
    return depths
  }

  @Test("a server that is found never takes the name of a configured one, nor one of another's")
  func names() throws {
    let mine = try configured(port: 11435, when: .always)
    var announcer = announcer {
      $0.services = [mine]
      $0.auto = [.ollama, .llamacpp, .vllm]
    }
    for look in announcer.takeDue(at: start) {
      _ = announcer.finished(
        look, .well(look.probe.port == 11434 ? Self.ollama : Findings(type: .llamacpp)))
    }
    #expect(
      announcer.services.map { "\($0.name) \($0.type) \($0.port)" } == [
        "%h _ollama._tcp 11435", "%h 11434 _ollama._tcp 11434",
        "%h llamacpp _llm._tcp 8080", "%h llamacpp 8000 _llm._tcp 8000",
      ])
  }

  @Test("what is looked at while the network changes is looked at again")
  func networkChangesMeanwhile() throws {
    let service = try configured()
    var announcer = announcer { $0.services = [service] }
    look(&announcer, at: at(0), .well(Self.ollama))
    let late = announcer.takeDue(at: at(30))
    announcer.networkChanged(hasAddresses: true, at: at(31))
    for look in late { #expect(announcer.finished(look, .loopbackOnly(Self.ollama)) == nil) }
    #expect(announcer.services == [service.service])
    #expect(announcer.takeDue(at: at(31)).count == 1)
  }

  @Test("what was on the air stays there until the look that is due by other settings")
  func keepsOnAir() throws {
    let always = try configured(when: .always)
    let healthy = try configured()
    var announcer = announcer { $0.services = [always] }
    announcer.update(settings: settings { $0.services = [healthy] }, at: at(1))
    #expect(announcer.services == [healthy.service])
    look(&announcer, at: at(1), .gone)
    #expect(announcer.services == [])
  }
}
