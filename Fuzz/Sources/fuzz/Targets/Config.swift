import ConfigFile
import DiscoveryCore

/// nexus.toml: whatever the file holds, it is a configuration within its limits, or problems that say
/// where they are.
@Sendable func fuzzConfig(_ bytes: [UInt8]) {
  let result = ConfigFile.parse(bytes: bytes, path: "f")
  check((result.configuration == nil) == !result.errors.isEmpty, "no configuration and no error")
  let lines = String(decoding: bytes, as: UTF8.self).unicodeScalars
    .split(separator: "\n", omittingEmptySubsequences: false)
  for problem in result.problems {
    check(
      problem.description.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "not one plain line")
    check(problem.message.utf8.count <= 2000, "a message of \(problem.message.utf8.count) bytes")
    guard let line = problem.line, let column = problem.column else {
      check(false, "\(problem) has no place")
      continue
    }
    check((1...lines.count).contains(line), "\(problem) in one of \(lines.count) lines")
    check((1...lines[line - 1].count + 1).contains(column), "\(problem) is beyond its line")
  }
  guard let configuration = result.configuration else { return }
  checkLimits(of: configuration)
  let more = ConfigFile.parse(bytes: bytes + Array("\n# comment".utf8), path: "f")
  check(more.configuration == configuration, "a comment changes the configuration")
}

private func checkLimits(of configuration: Configuration) {
  let discovery = configuration.discovery
  check((.zero ... .seconds(86_400)).contains(discovery.gracePeriod), "\(discovery.gracePeriod)")
  check(
    (.zero ... .seconds(86_400)).contains(discovery.queryInterval), "\(discovery.queryInterval)")
  check((1...1_000_000).contains(discovery.maxBackends), "\(discovery.maxBackends)")
  check(!discovery.serviceTypes.isEmpty, "no service type")
  let socket = configuration.server.socket
  check(socket.hasPrefix("/") && socket.utf8.count <= 107 && !socket.utf8.contains(0), socket)
  check(
    Set(configuration.backends.map(\.name)).count == configuration.backends.count, "a name twice")
  check(Set(configuration.backends.map(\.url)).count == configuration.backends.count, "a URL twice")
  for backend in configuration.backends {
    check((1...63).contains(backend.name.utf8.count), backend.name)
    checkPath(backend.url.path ?? "")
    checkURL(
      backend.url.description, leadsTo: backend.url.host.urlHost, port: backend.url.port,
      path: backend.url.path ?? "")
  }
}
