import NexusDiscovery

/// The library in the hands of the lab: does as it is told, a line at a time, and answers with one.
@main
struct Probe {
  static func main() async {
    let registry: NodeRegistry
    do { registry = try NodeRegistry(types: ["_llm._tcp", "_lmserv._tcp"]) } catch { return }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await registry.run() }
      group.addTask {
        for await change in registry.changes() {
          switch change {
          case .appeared(let service): print("appeared \(service.name) \(service.url)")
          case .changed(let service): print("changed \(service.name) \(service.url)")
          case .disappeared(let service): print("disappeared \(service.name)")
          }
        }
      }
      group.addTask { await obey() }
      // The others never end.
      await group.next()
      group.cancelAll()
    }
  }

  private static func obey() async {
    var announcement: Announcement?
    while let line = readLine() {
      let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      do {
        switch words[0] {
        case "announce":
          let pairs = words.dropFirst(4).map { $0.split(separator: "=", maxSplits: 1) }
          let txt = Dictionary(uniqueKeysWithValues: pairs.map { (String($0[0]), String($0[1])) })
          announcement = try await announceSelf(
            name: words[1], type: words[2], port: Int(words[3]) ?? 0, txt: txt)
          print("announced \(announcement?.name ?? "")")
        case "cancel":
          await announcement?.cancel()
          print("cancelled")
        case "release":
          announcement = nil
          print("released")
        case "status":
          print("status \(announcement?.name ?? "") \(announcement?.lastError?.description ?? "")")
        default:
          let found = try await discoverServices(
            types: Array(words.dropFirst()), timeout: .seconds(2))
          let all = found.map {
            "\($0.name) \($0.type) \($0.kind) \($0.url) \($0.models) \($0.version ?? "")"
              + " \($0.hostname ?? "") \($0.isLocal)"
          }
          print("discovered \(all.joined(separator: "; "))")
        }
      } catch {
        print("failed: \(error)")
      }
    }
  }
}
