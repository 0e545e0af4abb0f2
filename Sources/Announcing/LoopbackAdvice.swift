import DiscoveryCore

/// What to say of a server that only this machine reaches.
enum LoopbackAdvice {
  /// One sentence with what is the matter, and how that kind of server is opened to others.
  static func text(type: BackendType, port: UInt16) -> String {
    let name = type == .unknown ? "the server" : type.rawValue
    return "\(name) at port \(port) is not announced: it answers on loopback only, where no other"
      + " machine reaches it; \(advice(type, port)) (anyone on the network may use it then)"
  }

  private static func advice(_ type: BackendType, _ port: UInt16) -> String {
    let isUsual = port == type.defaultPort
    return switch type {
    case .ollama:
      "to open it, start it with OLLAMA_HOST=0.0.0.0\(isUsual ? "" : ":\(port)") in its environment"
    case .vllm, .llamacpp, .sglang, .koboldcpp, .tabbyapi:
      "to open it, start it with --host 0.0.0.0"
    case .lmstudio:
      "to open it, turn on \"Serve on Local Network\", or start it with --bind 0.0.0.0"
    case .localai: "to open it, start it with LOCALAI_ADDRESS=:\(port) in its environment"
    default: "to open it, have it listen at 0.0.0.0 or at an address of the network"
    }
  }
}
