import DiscoveryCore

/// How one type of server is told from all others, and where it lists its models.
///
/// A status alone proves nothing: some answer every path with 200. Several answer Ollama's paths, so
/// the order of the table matters.
struct Fingerprint: Sendable {
  /// A path of a server, below one of its two roots.
  enum Path: Hashable, Sendable {
    case root(String)
    case openAI(String)

    func text(in paths: ProbePaths) -> String {
      switch self {
      case .root(let path): paths.root + path
      case .openAI(let path): paths.openAI + path
      }
    }
  }

  /// What an answer says of the type.
  enum Reading: Hashable, Sendable {
    case match(version: String?)
    /// The next question decides; with none left it is no match.
    case undecided
    case mismatch
  }

  struct Question: Sendable {
    let path: Path
    /// `hasRefused`: an earlier answer wanted a key.
    let read: @Sendable (_ answer: Answer, _ hasRefused: Bool) -> Reading
  }

  let type: BackendType
  /// True when no other server answers as this one does, so that it can be asked for first; false where
  /// the list of models must agree.
  let isConclusive: Bool
  let questions: [Question]
  /// The second where the first is no list.
  let models: [(path: Path, format: ModelList.Format)]

  private init(
    _ type: BackendType, isConclusive: Bool = true, _ questions: [Question],
    models: [(path: Path, format: ModelList.Format)] = [(.openAI("/models"), .openAI)]
  ) {
    self.type = type
    self.isConclusive = isConclusive
    self.questions = questions
    self.models = models
  }

  /// The table, the specific first; the last stands for all that speak OpenAI's API.
  static let all: [Fingerprint] = [
    Fingerprint(
      .localai,
      [
        .json("/.well-known/localai.json") { answer in
          guard answer["endpoints"]?.isObject == true, answer["version"]?.string != nil else {
            return .mismatch
          }
          return .match(version: Answer.version(answer["version"]))
        }
      ]),
    Fingerprint(
      .koboldcpp,
      [
        .json("/api/extra/version") { answer in
          answer["result"]?.string == "KoboldCpp"
            ? .match(version: Answer.version(answer["version"])) : .mismatch
        }
      ]),
    Fingerprint(
      .lmstudio,
      [
        .json("/lmstudio-greeting") { answer in
          answer["lmstudio"]?.bool == true ? .match(version: nil) : .mismatch
        }
      ],
      models: [(.root("/api/v0/models"), .lmStudio), (.openAI("/models"), .openAI)]),
    Fingerprint(
      .exo,
      [
        .json("/node_id") { answer in
          let id = answer.string ?? answer["node_id"]?.string
          return id?.isEmpty == false ? .match(version: nil) : .mismatch
        }
      ],
      models: [(.openAI("/models?status=downloaded"), .openAI)]),
    Fingerprint(
      .llamacpp,
      [
        .json("/props") { answer in
          answer["build_info"]?.string == nil
            ? .mismatch : .match(version: Answer.version(answer["build_info"]))
        }
      ]),
    Fingerprint(.sglang, [.modelPath("/model_info"), .modelPath("/get_model_info")]),
    Fingerprint(
      .vllm, isConclusive: false,
      [
        .json("/version") { answer in
          Answer.version(answer["version"]).map { .match(version: $0) } ?? .mismatch
        }
      ]),
    Fingerprint(
      .ollama, isConclusive: false,
      [
        Question(path: .root("/")) { answer, _ in
          answer.contains("ollama is running") ? .undecided : .mismatch
        },
        .json("/api/version") { answer in
          Answer.version(answer["version"]).map { .match(version: $0) } ?? .mismatch
        },
      ],
      models: [(.root("/api/tags"), .ollama), (.openAI("/models"), .openAI)]),
    Fingerprint(
      .tabbyapi, isConclusive: false,
      [
        Question(path: .openAI("/model")) { answer, hasRefused in
          if let json = answer.json, json["object"]?.string == "model", json["id"]?.string != nil {
            return .match(version: nil)
          }
          return answer.isRefusal && !hasRefused ? .undecided : .mismatch
        },
        // Whoever wants a key for what is not there tells nothing by wanting one for what is.
        Question(path: .openAI("/no-such-path")) { answer, _ in
          answer.status == 404 ? .match(version: nil) : .mismatch
        },
      ]),
    openAI,
  ]

  static let openAI = Fingerprint(.openAICompatible, isConclusive: false, [])

  /// The row of `type`; that of all others for a type without one.
  static func row(of type: BackendType) -> Fingerprint {
    all.first { $0.type == type } ?? openAI
  }

  /// The table with the row of `type` first, where that row can stand alone; or, where `likely` is what
  /// the whole table found a while ago, with that row first.
  static func rows(first type: BackendType, likely: BackendType? = nil) -> [Fingerprint] {
    let first = all.first { row in
      // The last row has no questions: it is what is left when all others are asked for.
      likely.map { $0 == row.type && !row.questions.isEmpty }
        ?? (row.type == type && row.isConclusive)
    }
    guard let first else { return all }
    return [first] + all.filter { $0.type != first.type }
  }
}

extension Fingerprint.Question {
  /// A question below the server's root to which only JSON is an answer.
  fileprivate static func json(
    _ path: String, _ read: @escaping @Sendable (JSON) -> Fingerprint.Reading
  ) -> Self {
    Self(path: .root(path)) { answer, _ in answer.json.map(read) ?? .mismatch }
  }

  /// SGLang's question, under its present and its former path.
  fileprivate static func modelPath(_ path: String) -> Self {
    Self(path: .root(path)) { answer, _ in
      answer.json?["model_path"]?.string == nil ? .undecided : .match(version: nil)
    }
  }
}
