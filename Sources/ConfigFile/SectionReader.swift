import DiscoveryCore

/// Reads the keys of one section; what nobody has asked for by the end is unknown.
///
/// Asking for a key makes it known, so a new one needs its line in the section's reader, no more.
struct SectionReader {
  /// Where the section begins: its header.
  let position: TomlPosition
  /// As it stands in messages: `[discovery]`; nil for the file itself.
  private let title: String?
  /// Its name in the headers of sections inside it.
  private let path: String
  private let entries: [TomlEntry]
  private let problems: ProblemList
  private var knownKeys: [String] = []

  /// The reader of a whole file, whose entries are the sections.
  init(file entries: [TomlEntry], problems: ProblemList) {
    position = TomlPosition(line: 1, column: 1)
    title = nil
    path = ""
    self.entries = entries
    self.problems = problems
  }

  private init(
    _ entries: [TomlEntry], at position: TomlPosition, path: String, title: String,
    problems: ProblemList
  ) {
    self.position = position
    self.title = title
    self.path = path
    self.entries = entries
    self.problems = problems
  }

  // MARK: Values

  /// The checked value of `key`; nil when it is absent, or wrong, which is then a problem.
  mutating func value<Value>(_ key: String, _ kind: ValueKind<Value>) -> Value? {
    place(of: key).flatMap { kind.read($0.value, $0.place) }
  }

  /// The checked value of `key`, whose absence is an error; nil when it is absent or wrong.
  mutating func required<Value>(_ key: String, _ kind: ValueKind<Value>) -> Value? {
    let value = value(key, kind)
    if position(of: key) == nil { error(at: position, "\(title ?? "file") without \"\(key)\"") }
    return value
  }

  /// Sets `target` to the checked value of `key`; without one it stays as it is.
  mutating func read<Value>(
    _ key: String, _ kind: ValueKind<Value>, into target: inout Value
  ) {
    if let value = value(key, kind) { target = value }
  }

  // MARK: Sections

  /// Reads the section `[name]`, if it is there, with all its keys.
  mutating func section(_ name: String, read: (inout SectionReader) -> Void) {
    guard let entry = known(name) else { return }
    let fullName = path + name
    guard case .table(let entries) = entry.value.content else {
      let hint = entry.value.isArrayOfTables ? "write [\(fullName)] once, in single brackets" : nil
      problems.error(
        at: entry.value.position, "[\(fullName)] must be a table, but is \(entry.value.kindName)",
        hint: hint)
      return
    }
    var reader = SectionReader(
      entries, at: entry.value.position, path: fullName + ".", title: "[\(fullName)]",
      problems: problems)
    read(&reader)
    reader.finish()
  }

  /// Reads each of the sections `[[name]]`, in order.
  mutating func sections(_ name: String, read: (inout SectionReader) -> Void) {
    guard let entry = known(name) else { return }
    let title = "[[\(path)\(name)]]"
    guard case .array(let elements) = entry.value.content else {
      var hint: String?
      if case .table = entry.value.content { hint = "write \(title), in double brackets" }
      problems.error(
        at: entry.value.position,
        "\(title) must be an array of tables, but is \(entry.value.kindName)", hint: hint)
      return
    }
    for element in elements {
      guard case .table(let entries) = element.content else {
        problems.error(
          at: element.position, "each of \(title) must be a table, but this is \(element.kindName)")
        continue
      }
      var reader = SectionReader(
        entries, at: element.position, path: "\(path)\(name).", title: title, problems: problems)
      read(&reader)
      reader.finish()
    }
  }

  // MARK: Problems

  /// Where `key` was written; nil when it was not.
  func position(of key: String) -> TomlPosition? {
    entries.first { $0.key == key }?.keyPosition
  }

  /// Where the value of `key` begins; nil when it is absent.
  func valuePosition(of key: String) -> TomlPosition? {
    entries.first { $0.key == key }?.value.position
  }

  func error(at position: TomlPosition, _ message: String, hint: String? = nil) {
    problems.error(at: position, message, hint: hint)
  }

  func warning(at position: TomlPosition, _ message: String, hint: String? = nil) {
    problems.warning(at: position, message, hint: hint)
  }

  /// Reports each key that was not asked for: an error in a section; in the file itself only a
  /// warning, since other programs have their sections there.
  func finish() {
    for entry in entries where !knownKeys.contains(entry.key) {
      let hint = NearestName.of(entry.key, among: knownKeys).map { "did you mean \"\($0)\"?" }
      if let title {
        problems.error(
          at: entry.keyPosition, "unknown key \"\(entry.key)\" in \(title)", hint: hint)
      } else {
        let what = entry.value.isSection ? "section" : "key"
        problems.warning(at: entry.keyPosition, "unknown \(what) \"\(entry.key)\"", hint: hint)
      }
    }
  }

  private mutating func known(_ key: String) -> TomlEntry? {
    knownKeys.append(key)
    return entries.first { $0.key == key }
  }

  private mutating func place(
    of key: String
  ) -> (keyPosition: TomlPosition, value: TomlValue, place: ValuePlace)? {
    known(key).map { entry in
      let name = title.map { "\"\(key)\" in \($0)" } ?? "\"\(key)\""
      return (entry.keyPosition, entry.value, ValuePlace(name: name, problems: problems))
    }
  }
}

extension TomlValue {
  fileprivate var isArrayOfTables: Bool {
    guard case .array(let elements) = content, let first = elements.first,
      case .table = first.content
    else { return false }
    return true
  }

  fileprivate var isSection: Bool {
    if case .table = content { return true }
    return isArrayOfTables
  }
}
