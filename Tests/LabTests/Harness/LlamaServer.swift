import Foundation

/// A llama.cpp server with a model of a few random numbers, from the environment that
/// tools/make-llama-server makes.
enum LlamaServer {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../..").standardized.path

  /// Its Python interpreter.
  private static let python = root + "/.build/llama-server/bin/python"

  static var isThere: Bool { access(python, X_OK) == 0 }

  /// One block of a llama of 32 dimensions whose tokens are the bytes.
  private static let modelScript = """
    import sys
    import numpy
    from gguf import GGUFWriter, TokenType

    width, forward = 32, 64
    tokens = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % byte for byte in range(256)]
    kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL] + [TokenType.BYTE] * 256

    model = GGUFWriter(sys.argv[1], "llama")
    model.add_context_length(64)
    model.add_embedding_length(width)
    model.add_block_count(1)
    model.add_feed_forward_length(forward)
    model.add_head_count(2)
    model.add_head_count_kv(2)
    model.add_rope_dimension_count(width // 2)
    model.add_layer_norm_rms_eps(1e-5)
    model.add_vocab_size(len(tokens))
    model.add_tokenizer_model("llama")
    model.add_token_list(tokens)
    model.add_token_scores([0.0] * len(tokens))
    model.add_token_types(kinds)
    model.add_bos_token_id(1)
    model.add_eos_token_id(2)
    model.add_unk_token_id(0)
    random = numpy.random.default_rng(1)
    shapes = {"token_embd": (len(tokens), width), "output": (len(tokens), width),
              "output_norm": (width,), "blk.0.attn_norm": (width,), "blk.0.ffn_norm": (width,),
              "blk.0.ffn_gate": (forward, width), "blk.0.ffn_up": (forward, width),
              "blk.0.ffn_down": (width, forward)}
    for name in ["q", "k", "v", "output"]: shapes["blk.0.attn_" + name] = (width, width)
    for name, shape in shapes.items():
      model.add_tensor(name + ".weight", random.standard_normal(shape).astype(numpy.float32))
    model.write_header_to_file()
    model.write_kv_data_to_file()
    model.write_tensors_to_file()
    model.close()
    """

  /// Serves until it is ended. Its arguments: the model's file, its name, the address and the port.
  private static let serverScript = """
    import signal
    import sys
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path, name, address, port = sys.argv[1:]
    parameters.model_alias = {name}
    parameters.hostnames = [address]
    parameters.port = int(port)
    parameters.n_ctx = 64
    parameters.warmup = False
    server = xllamacpp.Server(parameters)
    print("listening at", server.listening_address, flush=True)
    signal.pause()
    """

  /// Starts one on `host`, with a model of this name, and returns when it listens.
  static func start(
    on host: LabHost, at address: String = "0.0.0.0", port: Int, model: String
  ) async throws -> LabProcess {
    let path = "/run/model.gguf"
    try await host.succeed(python, "-c", modelScript, path)
    let process = try host.spawn([python, "-c", serverScript, path, model, address, String(port)])
    try await process.line(containing: "listening at", within: .seconds(60))
    return process
  }
}
