import Foundation

/// What Package.swift says of its targets, read from its text.
struct PackageManifest {
  enum Kind: String {
    case systemLibrary, target, executableTarget, testTarget
  }

  struct Target {
    let name: String
    let kind: Kind
    let dependencies: Set<String>
  }

  let targets: [Target]

  init(text: String) {
    let entry = /\.(systemLibrary|target|executableTarget|testTarget)\(\s*name:\s*"([^"]+)"/
    let starts = text.matches(of: entry)
    targets = starts.enumerated().compactMap { index, match in
      guard let kind = Kind(rawValue: String(match.1)) else { return nil }
      // Up to the next target: what stands in an array labelled "dependencies".
      let end = index + 1 < starts.count ? starts[index + 1].range.lowerBound : text.endIndex
      let body = text[match.range.upperBound..<end]
      let list = body.firstMatch(of: /dependencies:\s*\[([^\]]*)\]/)?.1 ?? ""
      return Target(
        name: String(match.2), kind: kind,
        dependencies: Set(list.matches(of: /"([^"]+)"/).map { String($0.1) }))
    }
  }

  /// The C modules: system libraries, and targets named like them (`CToml`).
  var cModules: Set<String> {
    Set(targets.map(\.name).filter { $0.wholeMatch(of: /C[A-Z]\w*/) != nil })
  }

  /// The targets that wrap a C module. The event loop, which lies below them, is none of them.
  var bridges: Set<String> {
    Set(
      targets.filter { $0.kind == .target && !$0.dependencies.isDisjoint(with: cModules) }
        .map(\.name)
    ).subtracting(["EventLoop"])
  }

  /// All that the target of that name is made of, itself included.
  func closure(of name: String) -> Set<String> {
    var found: Set = [name]
    var open = [name]
    while let next = open.popLast() {
      let target = targets.first { $0.name == next }
      for other in target?.dependencies ?? [] where found.insert(other).inserted {
        open.append(other)
      }
    }
    return found
  }
}
