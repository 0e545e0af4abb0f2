import Foundation
import Testing

extension LabTests {
  @Suite(
    "A real server", .timeLimit(.minutes(5)),
    .disabled(
      if: !LlamaServer.isThere,
      "there is no llama.cpp server: run tools/make-llama-server .build/llama-server"))
  struct RealServer {
    @Test("a llama.cpp server is found and healthy, its model is listed, and its end is noticed")
    func llama() async throws {
      try await withTwoHosts { alpha, beta in
        let server = try await LlamaServer.start(on: alpha, port: 8000, model: "tiny-llama")
        _ = try await alpha.publish("llama", "_llm._tcp", 8000)
        let daemon = try await beta.startDaemon(Daemon.checking(interval: 2))
        let watch = try await daemon.watch()
        let backend = try await daemon.backend("a healthy one") { $0.status == "healthy" }
        #expect(backend.type == "llamacpp")
        #expect(backend.version?.hasPrefix("b") == true)
        #expect(backend.models == ["tiny-llama"])
        #expect(backend.lastError == nil)
        let models = try await daemon.command("models").output
        #expect(models.contains("tiny-llama"))

        // What it was before it had loaded its model is another matter.
        let before = watch.count
        try await alpha.signal("KILL", server)
        let gone = try await watch.status("unhealthy", of: "llama", from: before)
        #expect(gone.backend.lastError == "connection refused")
      }
    }
  }
}
