import APIModel
import DiscoveryCore

/// The registry's backends as the API shows them: in listing order, each encoded at most once.
package final class BackendMirror {
  /// A backend and its JSON.
  package final class Entry {
    package fileprivate(set) var backend: Backend
    /// False once it is removed or listed elsewhere.
    fileprivate var isListed = true
    /// Its JSON where it was made, maybe between others' bytes, and where it is in that.
    private var encoded: [UInt8]?
    private var place: Range<UInt32> = 0..<0

    fileprivate init(_ backend: Backend) {
      self.backend = backend
    }

    fileprivate func update(_ backend: Backend) {
      self.backend = backend
      encoded = nil
    }

    fileprivate func forgetEncoded() {
      encoded = nil
    }

    /// Its `BackendDocument`.
    package var json: ArraySlice<UInt8> {
      if let encoded { return encoded[Int(place.lowerBound)..<Int(place.upperBound)] }
      let bytes = BackendDocument(backend).json
      keep(bytes, from: 0, to: bytes.count)
      return bytes[...]
    }

    private func keep(_ bytes: [UInt8], from start: Int, to end: Int) {
      encoded = bytes
      place = UInt32(start)..<UInt32(end)
    }

    /// Its `BackendDocument` between others' bytes. From here on that is the one copy, for the whole is
    /// mostly kept.
    func json(after start: String, before end: String) -> [UInt8] {
      let json = json
      var bytes: [UInt8] = []
      bytes.reserveCapacity(start.utf8.count + json.count + end.utf8.count)
      bytes += start.utf8
      bytes += json
      bytes += end.utf8
      keep(bytes, from: start.utf8.count, to: bytes.count - end.utf8.count)
      return bytes
    }
  }

  package private(set) var revision: UInt64 = 0
  private var byID: [BackendID: Entry] = [:]
  /// Nil until somebody asks for a name.
  private var byName: [String: [Entry]]?
  /// In listing order; some may not be listed any more.
  private var sorted: [Entry] = []
  /// Since the last listing, in no order: a change costs no search, a listing merges them once.
  private var unsorted: [Entry] = []
  private var isSorted = true
  /// The whole list, as long as a connection sends it.
  private weak var wholeList: SharedBytes?
  /// Nil until somebody asks for it: only a change of what is served makes it anew.
  private var modelIndex: ModelIndex?
  /// The list of all models, as long as a connection sends it.
  private weak var wholeModelList: SharedBytes?

  /// The lists that connections hold, together.
  private let held = ByteMeter()
  /// More bytes than this are not held for new lists.
  private let heldLimit: Int

  package init(heldLimit: Int = 64 << 20) {
    self.heldLimit = heldLimit
  }

  package var count: Int { byID.count }

  /// All backends, in listing order.
  package var entries: [Entry] {
    sortIfNeeded()
    return sorted
  }

  /// All backends, in no order.
  var unordered: some Sequence<Backend> { byID.values.lazy.map(\.backend) }

  /// The backend with this id, else the first listed with this name.
  package func find(_ idOrName: String) -> Entry? {
    if let id = BackendID(idOrName), let entry = byID[id] { return entry }
    let byName = self.byName ?? Dictionary(grouping: byID.values) { $0.backend.name }
    self.byName = byName
    return byName[idOrName]?.min { Backend.isListedBefore($0.backend, $1.backend) }
  }

  /// Takes the registry's whole state.
  package func reset(to snapshot: RegistrySnapshot) {
    revision = snapshot.revision
    wholeList = nil
    forgetModels()
    sorted = snapshot.backends.map(Entry.init)
    unsorted = []
    isSorted = true
    byID = Dictionary(sorted.map { ($0.backend.id, $0) }) { first, _ in first }
    byName = nil
  }

  /// Takes one change; the entry that it is about, also when it is gone now.
  package func apply(_ change: RegistryChange) -> Entry {
    revision = change.revision
    wholeList = nil
    let old = byID[change.backend.id]
    let isThere = change.kind != .removed
    if ModelIndex.isOther(with: isThere ? change.backend : nil, for: old?.backend) {
      forgetModels()
    }
    if isThere, let old, old.backend.name == change.backend.name,
      old.backend.priority == change.backend.priority
    {
      old.update(change.backend)
      return old
    }
    if let old { remove(old) }
    let entry = Entry(change.backend)
    if isThere { insert(entry) }
    return entry
  }

  /// Takes a check that found nothing new, which is no change.
  package func apply(_ check: HealthReport, to id: BackendID) {
    guard let entry = byID[id] else { return }
    wholeList = nil
    var backend = entry.backend
    backend.lastCheck = check
    if ModelIndex.isOther(with: backend, for: entry.backend) { forgetModels() }
    entry.update(backend)
  }

  /// Keeps neither JSON nor names: they are made again when somebody asks.
  func forgetEncoded() {
    for entry in byID.values { entry.forgetEncoded() }
    byName = nil
    forgetModels()
  }

  private func forgetModels() {
    modelIndex = nil
    wholeModelList = nil
  }

  private func insert(_ entry: Entry) {
    byID[entry.backend.id] = entry
    byName?[entry.backend.name, default: []].append(entry)
    unsorted.append(entry)
    isSorted = false
    // Entries that are gone again are dropped although nobody lists: after as many additions as
    // there are backends, so that it costs each of them little.
    if unsorted.count > byID.count + 64 { sortIfNeeded() }
  }

  private func remove(_ entry: Entry) {
    entry.isListed = false
    isSorted = false
    byID[entry.backend.id] = nil
    byName?[entry.backend.name]?.removeAll { $0 === entry }
    if byName?[entry.backend.name]?.isEmpty == true { byName?[entry.backend.name] = nil }
  }

  private func sortIfNeeded() {
    guard !isSorted else { return }
    let added = unsorted.filter(\.isListed).sorted {
      Backend.isListedBefore($0.backend, $1.backend)
    }
    var merged: [Entry] = []
    merged.reserveCapacity(byID.count)
    var next = 0
    for entry in sorted where entry.isListed {
      while next < added.count, Backend.isListedBefore(added[next].backend, entry.backend) {
        merged.append(added[next])
        next += 1
      }
      merged.append(entry)
    }
    merged += added[next...]
    sorted = merged
    unsorted = []
    isSorted = true
  }

  // MARK: - JSON

  /// False while slow clients hold so much that no further list should be made.
  package var hasRoom: Bool { held.count <= heldLimit }

  /// True when the list of all costs no room, as a connection sends it already.
  package var isListHeld: Bool { wholeList != nil }

  /// The `BackendListDocument` of all backends, made once for all who send it.
  package func list() -> SharedBytes {
    if let wholeList { return wholeList }
    let list = SharedBytes(
      Self.list(of: entries[...], revision: revision), countedBy: held)
    wholeList = list
    return list
  }

  /// The `BackendListDocument` of those that pass.
  package func list(matching filter: BackendFilter) -> SharedBytes {
    SharedBytes(
      Self.list(of: entries.filter { filter.admits($0.backend) }[...], revision: revision),
      countedBy: held)
  }

  private static func list(of entries: ArraySlice<Entry>, revision: UInt64) -> [UInt8] {
    var bytes = Array("{\"revision\":\(revision),\"backends\":[".utf8)
    bytes.reserveCapacity(entries.reduce(bytes.count + 2) { $0 + $1.json.count + 1 })
    for (index, entry) in entries.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes += entry.json
    }
    bytes += "]}".utf8
    return bytes
  }

  // MARK: - Models

  /// True when the list of all models costs no room.
  package var isModelListHeld: Bool { wholeModelList != nil }

  /// The `ModelListDocument` of all that is served, made once for all who send it.
  package func modelList() -> SharedBytes {
    if let wholeModelList { return wholeModelList }
    let list = SharedBytes(currentModels.list(), countedBy: held)
    wholeModelList = list
    return list
  }

  /// The `ModelListDocument` of what passes.
  package func modelList(matching filter: BackendFilter) -> SharedBytes {
    SharedBytes(currentModels.list(matching: filter), countedBy: held)
  }

  private var currentModels: ModelIndex {
    if let modelIndex { return modelIndex }
    let index = ModelIndex(entries)
    modelIndex = index
    return index
  }
}
