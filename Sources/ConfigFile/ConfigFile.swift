import DiscoveryCore

/// nexus.toml: read whole, checked whole.
package enum ConfigFile {
  /// Where it is looked for when nothing names another.
  package static let defaultPath = "/etc/nexus/nexus.toml"

  /// Reads and checks the file at `path`, at most 1 MiB of UTF-8.
  ///
  /// With `mayBeMissing`, a file that does not exist is an empty one: all defaults.
  package static func load(path: String, mayBeMissing: Bool = false) -> ConfigResult {
    do throws(FileText.Problem) {
      return parse(bytes: try FileText.bytes(ofFile: path), path: path)
    } catch .missing where mayBeMissing {
      return ConfigResult(configuration: Configuration(), problems: [], path: path)
    } catch {
      return failure(path: path, at: nil, error.description)
    }
  }

  /// Checks a file's bytes; `path` is only repeated in problems.
  package static func parse(bytes: [UInt8], path: String) -> ConfigResult {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let (position, byte) = FileText.firstInvalidByte(in: bytes)
      return failure(
        path: path, at: position, "byte 0x\(String(byte, radix: 16, uppercase: true)) is not UTF-8",
        hint: "save the file as UTF-8")
    }
    return parse(text, path: path)
  }

  /// Checks a file's text; `path` is only repeated in problems.
  package static func parse(_ text: String, path: String) -> ConfigResult {
    do throws(TomlSyntaxError) {
      return read(try parseToml(text), path: path)
    } catch {
      return failure(path: path, at: error.position, error.message, hint: error.hint)
    }
  }

  /// Every section that is known.
  private static func read(_ entries: [TomlEntry], path: String) -> ConfigResult {
    let problems = ProblemList(file: path)
    var configuration = Configuration()
    var file = SectionReader(file: entries, problems: problems)
    file.section("server") { configuration.server.read(from: &$0) }
    file.section("discovery") { configuration.discovery.read(from: &$0) }
    file.section("health_check") { configuration.healthCheck.read(from: &$0) }
    file.section("announce") { configuration.announce.read(from: &$0) }
    var backends = BackendsReader()
    file.sections("backends") { backends.read(from: &$0) }
    configuration.backends = backends.backends
    file.section("logging") { configuration.logging.read(from: &$0) }
    file.finish()
    return ConfigResult(
      configuration: configuration, problems: problems.inOrder, path: path,
      accessPositions: backends.accessPositions)
  }

  private static func failure(
    path: String, at position: TomlPosition?, _ message: String, hint: String? = nil
  ) -> ConfigResult {
    ConfigResult(
      configuration: Configuration(),
      problems: [ConfigProblem(.error, file: path, at: position, message, hint: hint)],
      path: path)
  }
}

/// What a configuration file says, and all that is wrong with it.
package struct ConfigResult: Hashable, Sendable {
  /// Nil when any problem is an error: a file is used whole or not at all.
  package let configuration: Configuration?
  /// Errors and warnings in the order of the file.
  package let problems: [ConfigProblem]
  /// Where each backend, by its name, says how it is spoken to.
  let accessPositions: [String: AccessPositions]
  /// The file's path, as it was given.
  let path: String

  package var errors: [ConfigProblem] { problems.filter { $0.severity == .error } }
  package var warnings: [ConfigProblem] { problems.filter { $0.severity == .warning } }

  init(
    configuration: Configuration, problems: [ConfigProblem], path: String,
    accessPositions: [String: AccessPositions] = [:]
  ) {
    let isUsable = problems.allSatisfy { $0.severity == .warning }
    self.configuration = isUsable ? configuration : nil
    self.problems = problems
    self.path = path
    self.accessPositions = accessPositions
  }
}
