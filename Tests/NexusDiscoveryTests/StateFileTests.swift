import DiscoveryCore
import DiscoveryTestKit
import Foundation
import Testing

@testable import nexus_discovery

@Suite("The state file")
final class StateFileTests {
  private let path = NSTemporaryDirectory() + "state-\(UUID().uuidString.prefix(8))/a/b"
  private let now = WallTime(milliseconds: 1_769_853_600_123)
  private var file: String { path + "/state.json" }

  deinit {
    try? FileManager.default.removeItem(atPath: path + "/../..")
  }

  private static func remembered(_ count: Int = 3) throws -> [RememberedBackend] {
    var state = RegistryState(network: .oneInterface)
    for number in 0..<count {
      let host = "10.0.\(number / 250).\(number % 250 + 1)"
      _ = state.apply(
        .serviceFound(
          .mdns(
            "größe \u{202E}\n \(number)", at: [host, "fe80::\(number + 1)%eth0"],
            host: "h\(number).local",
            txt: ["version": "0.5.7", "flag": nil, "empty": "", "größe": "ü=\u{FFFD}"])),
        from: .mdns, at: .testStart)
      _ = state.apply(
        .serviceFound(
          .mdns("größe \u{202E}\n \(number)", at: [host], host: "h\(number).local", family: .ipv6)),
        from: .mdns, at: .testStart)
    }
    _ = state.apply(
      .serviceFound(.configured("added", "https://a.example/v1", type: .vllm, priority: 0)),
      from: .runtime, at: .testStart)
    _ = state.apply(
      .serviceFound(.configured("file", "http://10.9.0.1:1")), from: .static, at: .testStart)
    return state.remembered()
  }

  @Test("is known by a digest that tells what is worth writing again from when it was seen")
  func digest() throws {
    let state = KnownState(backends: try Self.remembered())
    let digest = KnownState.Digest(state)
    #expect(KnownState.Digest(state) == digest)
    var seenLater = state
    seenLater.backends[1].lastSeen = now.advanced(by: .seconds(1))
    #expect(KnownState.Digest(seenLater).whole != digest.whole)
    #expect(KnownState.Digest(seenLater).lasting == digest.lasting)
    var fewer = state
    fewer.backends.removeLast()
    #expect(KnownState.Digest(fewer).lasting != digest.lasting)
    var renamed = state
    renamed.backends[2].names[0].identity += "x"
    #expect(KnownState.Digest(renamed).lasting != digest.lasting)
  }

  @Test("says again what was said to it")
  func roundTrip() throws {
    let all = try Self.remembered()
    let text = StateDocument.encode(KnownState(backends: all))
    #expect(text.split(separator: UInt8(ascii: "\n")).count == all.count + 2)
    let read = try StateDocument.decode(text).backends
    #expect(Set(read.map(\.id)) == Set(all.map(\.id)))
    for backend in all {
      let again = try #require(read.first { $0.id == backend.id })
      #expect(again.names == backend.names && again.added == backend.added)
      #expect(again.firstSeen == backend.firstSeen && again.lastSeen == backend.lastSeen)
      #expect(again.sightings.map(\.id) == backend.sightings.map(\.id))
      #expect(again.sightings.last.map(\.txt) == backend.sightings.last.map(\.txt))
      #expect(again.sightings.map(\.hostname) == backend.sightings.map(\.hostname))
      #expect(
        again.sightings.map { Set($0.addresses) } == backend.sightings.map { Set($0.addresses) })
    }
    #expect(read.first?.added.isEmpty == false)
  }

  @Test("keeps the names that services are announced under; a bad one is left out")
  func announcedNames() throws {
    func id(_ name: String) -> AnnouncedService.ID {
      AnnouncedService.ID(name: name, type: ServiceType.defaults[0])
    }
    let names = [id("größe \"1\""): "größe \"1\" #2", id("box"): "box #3"]
    let text = String(
      decoding: StateDocument.encode(KnownState(announcedAs: names)), as: UTF8.self)
    let read = try StateDocument.decode(Array(text.utf8))
    #expect(read.announcedAs == names)
    let bad = text.replacingOccurrences(of: "box #3", with: "")
    let rest = try StateDocument.decode(Array(bad.utf8))
    #expect(rest.announcedAs.count == 1)
    let older = Array("{\"version\":1,\"backends\":[]}".utf8)
    let nothing = try StateDocument.decode(older)
    #expect(nothing == KnownState())
  }

  @Test("is bounded: what an administrator added is in it first")
  func bound() throws {
    let all = try Self.remembered(50)
    let text = StateDocument.encode(KnownState(backends: all), limit: 4000)
    #expect(text.count <= 4000)
    let read = try StateDocument.decode(text).backends
    #expect(read.count > 2 && read.count < all.count)
    #expect(read.first?.added.map(\.name) == ["added"])
  }

  @Test("is replaced whole, for its owner alone, in a directory that is made for it")
  func replaces() throws {
    let directory = try StateDirectory(path: path)
    #expect(directory.read(limit: 10) == .nothing)
    try directory.replace(with: Array("one".utf8))
    try Data("left over".utf8).write(to: URL(fileURLWithPath: file + ".new"))
    try directory.replace(with: Array("two".utf8))
    #expect(directory.read(limit: 10) == .bytes(Array("two".utf8)))
    let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    #expect(names == ["state.json", "state.lock"])
    for (place, mode) in [(path, 0o700), (file, 0o600)] {
      let found = try FileManager.default.attributesOfItem(atPath: place)[.posixPermissions]
      #expect(found as? Int == mode)
    }
  }

  @Test("belongs to one daemon at a time")
  func lock() throws {
    var first: StateDirectory? = try StateDirectory(path: path)
    #expect(first != nil)
    var told: [String] = []
    #expect(SavedState(path: path, at: now) { told.append($0) }.directory == nil)
    #expect(told.count == 1 && told[0].contains("another daemon holds it"))
    first = nil
    #expect(SavedState(path: path, at: now) { told.append($0) }.directory != nil)
  }

  @Test("what cannot be kept is told once, with the reason")
  func impossible() throws {
    var told: [String] = []
    let saved = SavedState(path: "/dev/null/state", at: now) { told.append($0) }
    #expect(saved.directory == nil && saved.backends.isEmpty)
    #expect(told == ["nothing is kept over a restart: mkdir /dev/null/state: Not a directory"])
  }

  private static let whole = String(
    decoding: StateDocument.encode(KnownState(backends: (try? remembered()) ?? [])), as: UTF8.self)

  private static let bad: [(String, String)] = [
    ("", "is empty"), ("\0\0\0\0", "is truncated"), ("nonsense", "is truncated"),
    (whole.replacingOccurrences(of: "\"priority\":0", with: "\"priority\":true"), "is not in"),
    (String(whole.dropLast(4)), "is truncated"),
    (String(whole.prefix(whole.count / 2)), "is trunc"),
    ("{}", "is not in the form"), ("[]", "is not in the form"), ("{\"version\":1}", "is not in"),
    ("{\"version\":\"1\",\"backends\":[]}", "is not in"),
    ("{\"version\":2,\"backends\":{}}", "is of version 2, while this is 1"),
    (whole.replacingOccurrences(of: "https://a.example", with: "ftp://a"), "has an added backend"),
    (whole.replacingOccurrences(of: "\"added\",", with: "\"a\\nb\","), "has an added backend"),
    (
      whole.replacingOccurrences(of: "\"priority\":0", with: "\"priority\":-1"),
      "has an added backend"
    ),
    (
      whole.replacingOccurrences(of: "\"id\":\"", with: "\"id\":\"x"), "has a backend with a bad id"
    ),
  ]

  @Test("what is not one of ours is set aside with a word, and never overwritten or deleted")
  func badFiles() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (index, (text, reason)) in Self.bad.enumerated() {
      try Data(text.utf8).write(to: URL(fileURLWithPath: file))
      var told: [String] = []
      let saved = SavedState(path: path, at: now) { told.append($0) }
      #expect(saved.backends.isEmpty && saved.directory != nil)
      #expect(told.count == 1 && told.first?.contains("state.json \(reason)") == true, "\(told)")
      let aside = file + ".bad-20260131T100000Z" + (index == 0 ? "" : "-\(index + 1)")
      #expect(told.first?.contains("it is now \(aside),") == true)
      #expect(try String(contentsOfFile: aside, encoding: .utf8) == text)
      #expect(!FileManager.default.fileExists(atPath: file))
    }
  }

  @Test("what an edited file says was added twice is there once, so that it can be removed")
  func duplicates() throws {
    let url = try BackendURL(parsing: "http://10.0.0.5:1")
    let other = try BackendURL(parsing: "http://10.0.0.6:1")
    let added = [
      AdministeredBackend(name: "one", url: url), AdministeredBackend(name: "one", url: other),
      AdministeredBackend(name: "two", url: url), AdministeredBackend(name: "three", url: other),
    ]
    let backends = added.enumerated().map { index, backend in
      RememberedBackend(
        id: BackendID(of: "\(index)", in: .url), firstSeen: now, lastSeen: now,
        names: [.init(source: .runtime, identity: backend.url.description)], added: [backend])
    }
    try StateDirectory(path: path).replace(
      with: StateDocument.encode(KnownState(backends: backends)))
    var told: [String] = []
    let saved = SavedState(path: path, at: now) { told.append($0) }
    #expect(saved.backends.flatMap(\.added).map(\.name) == ["one", "three"])
    #expect(told == [])
  }

  @Test("a link, a directory, a pipe or a giant in its place is set aside unread")
  func otherKinds() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let target = path + "/target"
    try Data(Self.whole.utf8).write(to: URL(fileURLWithPath: target))
    let kinds: [(String, () throws -> Void)] = [
      ("is a symbolic link", { try #require(symlink(target, self.file) == 0) }),
      ("is no regular file", { try #require(mkdir(self.file, 0o700) == 0) }),
      ("is no regular file", { try #require(mkfifo(self.file, 0o600) == 0) }),
      (
        "is larger than",
        {
          try Data().write(to: URL(fileURLWithPath: self.file))
          try #require(truncate(self.file, StateDocument.longest + 1) == 0)
        }
      ),
    ]
    for (reason, make) in kinds {
      try make()
      var told: [String] = []
      let saved = SavedState(path: path, at: now) { told.append($0) }
      #expect(saved.backends.isEmpty && saved.directory != nil)
      #expect(told.count == 1 && told[0].contains("state.json \(reason)"), "\(told)")
      try saved.directory?.replace(with: Array(Self.whole.utf8))
      try FileManager.default.removeItem(atPath: file)
    }
    #expect(try String(contentsOfFile: target, encoding: .utf8) == Self.whole)
  }

  @Test("a service that is not as the network may say it is left out, and no more")
  func badServices() throws {
    let changes = [
      ("\"hostname\":\"h1.local\"", "\"hostname\":\"h 1\""),
      ("\"interface\":\"eth0\"", "\"interface\":\"\""),
      ("10.0.0.2", "10.0.0.256"), ("11434", "114340"),
      ("_ollama._tcp.local\"", "_ollama._tcp.example\""),
      ("\"type\":\"_ollama._tcp\"", "\"type\":\"_._tcp\""),
    ]
    for (good, bad) in changes {
      let text = Self.whole.replacingOccurrences(of: good, with: bad)
      #expect(text != Self.whole)
      let read = try StateDocument.decode(Array(text.utf8)).backends
      #expect(read.contains { !$0.added.isEmpty })
      #expect(
        read.contains { $0.added.isEmpty && $0.sightings.isEmpty && $0.names[0].source == .mdns })
    }
  }

  @Test("which directory it is: what is named, else systemd's first, else the standard one")
  func place() {
    func path(_ named: String?, _ variable: String?) -> String {
      StateDirectory.path(named: named) { $0 == "STATE_DIRECTORY" ? variable : nil }
    }
    #expect(path("/x", "/a:/b") == "/x")
    #expect(path(nil, "/a:/b") == "/a")
    #expect(path(nil, "") == "/var/lib/nexus-discovery")
    #expect(path(nil, nil) == "/var/lib/nexus-discovery")
  }
}
