/// What each target may import, as ARCHITECTURE.md says; the compiler does not hold anyone to it.
struct ImportRules {
  /// Modules of the system that every target may import, the core apart.
  private static let system: Set = ["Dispatch", "Glibc", "Synchronization"]
  /// Targets that only decide: no queue, no C library, not even the system's.
  private static let pure: Set = ["DiscoveryCore", "HealthChecks"]
  /// JSON is made and read here alone: FoundationEssentials costs megabytes.
  private static let foundationEssentials: Set = ["APIModel", "WebBridge", "nexus-discovery"]

  /// Where parts are put together: the library and the program.
  private static let compositions: Set = ["NexusDiscovery", "nexus-discovery"]

  let manifest: PackageManifest

  /// What is wrong with `text`, a Swift source of `target`, importing what it does.
  func problems(in text: String, of target: String) -> [String] {
    guard let known = manifest.targets.first(where: { $0.name == target }) else {
      return ["\(target) is no target of the package"]
    }
    return Self.imports(in: text).compactMap { module in
      isAllowed(module, in: known) ? nil : "\(target) must not import \(module)"
    }
  }

  /// What is wrong with the package's own table of dependencies.
  var problems: [String] {
    let bridges = manifest.bridges
    var problems: [String] = []
    for target in manifest.targets where bridges.contains(target.name) {
      for other in target.dependencies.intersection(bridges).sorted() {
        problems.append("\(target.name) depends on \(other): bridges never import one another")
      }
    }
    let parts = manifest.targets.filter {
      $0.kind == .target && !bridges.contains($0.name) && !Self.compositions.contains($0.name)
    }
    for target in parts where target.name != "DiscoveryCore" {
      for bridge in target.dependencies.intersection(bridges).sorted() {
        problems.append("\(target.name) depends on \(bridge), as only compositions do")
      }
    }
    for module in manifest.cModules.sorted() {
      let users = manifest.targets.filter { $0.dependencies.contains(module) }.map(\.name)
      // The event loop is below them all, and no bridge to anything but the kernel.
      if users.count > 1 || !bridges.union(["EventLoop"]).isSuperset(of: users) {
        problems.append("\(module) belongs to one bridge, not to \(users.joined(separator: ", "))")
      }
    }
    if let core = manifest.targets.first(where: { $0.name == "DiscoveryCore" }),
      !core.dependencies.isEmpty
    {
      problems.append("DiscoveryCore depends on \(core.dependencies.sorted())")
    }
    return problems
  }

  private func isAllowed(_ module: String, in target: PackageManifest.Target) -> Bool {
    if Self.pure.contains(target.name) {
      return module == "Synchronization" || target.dependencies.contains(module)
    }
    if module == "FoundationEssentials" { return Self.foundationEssentials.contains(target.name) }
    return Self.system.contains(module) || target.dependencies.contains(module)
  }

  /// The modules that a Swift source imports, `import struct Module.Name` and attributes included.
  static func imports(in text: String) -> [String] {
    let statement =
      /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
      .anchorsMatchLineEndings()
    return text.matches(of: statement).map { String($0.1) }
  }
}
