import Foundation

/// The tool as it was built with these tests.
enum BuiltTool {
  static var url: URL? {
    let bundle = Bundle.main.bundleURL
    return [
      URL(fileURLWithPath: CommandLine.arguments[0]), bundle.appendingPathComponent("x"), bundle,
    ]
    .map { $0.deletingLastPathComponent().appendingPathComponent("nexus-discovery") }
    .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
