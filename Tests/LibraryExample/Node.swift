import NexusDiscovery

@main
struct Node {
  static func main() async throws {
    // Others see this server, under the host's name, for as long as the announcement is kept.
    let announcement = try await announceSelf(port: 8000, info: "gemma-2b-it Q4_0")
    print("announced as \(announcement.name ?? "nothing")")

    // Once: who is there within three seconds.
    for node in try await discoverNodes(timeout: .seconds(3)) {
      print("found \(node.url), \(node.info ?? "no info")")
    }

    // For good: who is alive, at each change.
    let registry = NodeRegistry()
    async let running: Void = registry.run()
    for await change in registry.changes() {
      if case .disappeared(let service) = change { print("lost \(service.name)") }
      print("alive: \(await registry.listAlive().map(\.url).joined(separator: " "))")
    }
    await running
    await announcement.cancel()
  }
}
