/// What kind of LLM server a backend is; the raw value is its name in JSON and in options.
package enum BackendType: String, CaseIterable, Hashable, Comparable, Sendable, Codable {
  case ollama
  case vllm
  case llamacpp
  case lmstudio
  case exo
  case localai
  case koboldcpp
  case sglang
  case tabbyapi
  case lmserv
  case openAICompatible = "openai-compatible"
  case unknown

  package static func < (left: BackendType, right: BackendType) -> Bool {
    left.rawValue < right.rawValue
  }

  /// The type that a person or a TXT record names: any case, with the spellings seen in the field
  /// (`llama.cpp`, `LM Studio`, `openai`); nil when the name is none of them.
  package init?(named text: String) {
    if let type = BackendType(rawValue: text) {
      self = type
      return
    }
    let letters = text.utf8.lazy.map(Ascii.lowercased).filter {
      Ascii.lowercaseLetters.contains($0) || Ascii.digits.contains($0)
    }
    switch String(decoding: Array(letters.prefix(32)), as: UTF8.self) {
    case "ollama": self = .ollama
    case "vllm": self = .vllm
    case "llamacpp", "llamacppserver", "llamaserver": self = .llamacpp
    case "lmstudio": self = .lmstudio
    case "exo": self = .exo
    case "localai": self = .localai
    case "koboldcpp", "kobold": self = .koboldcpp
    case "sglang": self = .sglang
    case "tabbyapi", "tabby": self = .tabbyapi
    case "lmserv": self = .lmserv
    case "openai", "openaicompatible", "generic": self = .openAICompatible
    case "unknown": self = .unknown
    default: return nil
    }
  }

  /// The type that a service type alone implies.
  package init(inferredFrom serviceType: ServiceType) {
    switch serviceType.name {
    case "_ollama._tcp": self = .ollama
    case "_lmserv._tcp": self = .lmserv
    case "_exo._tcp": self = .exo
    case "_openai._tcp": self = .openAICompatible
    default: self = .unknown
    }
  }

  /// The path of its API below the base URL where nothing names one.
  package var defaultAPIPath: String {
    switch self {
    case .ollama, .lmserv: ""
    default: "/v1"
    }
  }
}
