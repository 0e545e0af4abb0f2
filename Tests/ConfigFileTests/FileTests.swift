import ConfigFile
import DiscoveryCore
import Foundation
import Testing

@Suite("The file of nexus.toml")
struct FileTests {
  private func load(_ bytes: [UInt8]) throws -> (path: String, result: ConfigResult) {
    let path = NSTemporaryDirectory() + "nexus-\(UUID().uuidString).toml"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return (path, ConfigFile.load(path: path))
  }

  @Test("a missing file is an error, unless it may be missing")
  func missing() {
    let result = ConfigFile.load(path: "/nonexistent/nexus.toml")
    #expect(result.configuration == nil)
    #expect(
      result.problems.map { $0.description }
        == ["/nonexistent/nexus.toml: error: the file does not exist"])
    let optional = ConfigFile.load(path: "/nonexistent/nexus.toml", mayBeMissing: true)
    #expect(optional.configuration == Configuration())
    #expect(optional.problems == [])
  }

  @Test(
    "a file that cannot be read is an error with the system's reason, even if it may be missing")
  func unreadable() {
    for mayBeMissing in [false, true] {
      let result = ConfigFile.load(path: "/dev", mayBeMissing: mayBeMissing)
      #expect(result.configuration == nil)
      #expect(
        result.problems.map { $0.description }
          == ["/dev: error: the file cannot be read: Is a directory"])
    }
  }

  @Test("a file of up to 1 MiB is read, a larger one is refused, even one without end")
  func size() throws {
    let comment = [UInt8](repeating: UInt8(ascii: "#"), count: 1 << 20)
    #expect(try load(comment).result.configuration == Configuration())
    let (path, result) = try load(comment + [UInt8(ascii: "\n")])
    #expect(
      result.problems.map { $0.description } == ["\(path): error: the file is larger than 1 MiB"])
    #expect(
      ConfigFile.load(path: "/dev/zero").problems.map { $0.description }
        == ["/dev/zero: error: the file is larger than 1 MiB"])
  }

  @Test(
    "a byte that is no UTF-8 is named with its place",
    arguments: [
      ([0xFF], "1:1: error: byte 0xFF"),
      (Array("# ä\n😀".utf8) + [0xC3, 0x28], "2:2: error: byte 0xC3"),
      (Array("a = 1\n# ".utf8) + [0xED, 0xA0, 0x80], "2:3: error: byte 0xED"),
      (Array("# ".utf8) + [0xF0, 0x9F, 0x98], "1:3: error: byte 0xF0"),
    ] as [([UInt8], String)])
  func notUTF8(_ bytes: [UInt8], _ expected: String) throws {
    let (path, result) = try load(bytes)
    #expect(
      result.problems.map { $0.description }
        == ["\(path):\(expected) is not UTF-8; save the file as UTF-8"])
  }

  @Test("a path cannot forge a line of its own")
  func pathIsCleaned() {
    let result = ConfigFile.load(path: "/nonexistent/a\nb")
    #expect(
      result.problems.first?.description == "/nonexistent/a\\nb: error: the file does not exist")
  }
}
