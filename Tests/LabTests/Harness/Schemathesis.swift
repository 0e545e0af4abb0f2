import Foundation

/// Schemathesis, from the environment that tools/make-schemathesis makes: it asks the API all that its
/// description admits, and much that it does not.
enum Schemathesis {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../..").standardized.path
  private static let programs = root + "/.build/schemathesis/bin/"

  static var isThere: Bool { access(programs + "st", X_OK) == 0 }

  /// Where the Unix socket is within reach of what speaks TCP alone, on the host itself.
  static let relay = "http://127.0.0.1:6399"

  /// What the description cannot say.
  private static let hooks = """
    import schemathesis
    from hypothesis import strategies

    # The URLs that a backend may have, which are not all that there are.
    label = strategies.from_regex(r"[a-z]([a-z0-9_-]{0,9}[a-z0-9])?", fullmatch=True)
    segment = strategies.from_regex(r"[A-Za-z0-9_~!$&'()*+,;=-]{1,9}", fullmatch=True)
    hosts = strategies.one_of(
      strategies.lists(label, min_size=1, max_size=4).map(".".join),
      strategies.ip_addresses(v=4).map(str),
      strategies.ip_addresses(v=6).map(lambda address: f"[{address}]"))
    ports = strategies.one_of(
      strategies.just(""), strategies.integers(1, 65535).map(lambda port: f":{port}"))
    paths = strategies.lists(segment, max_size=4).map(
      lambda parts: "".join("/" + one for one in parts))
    schemathesis.openapi.format("uri", strategies.builds(
      lambda *parts: "".join(parts), strategies.sampled_from(["http://", "https://", "HTTP://"]),
      hosts, ports, paths, strategies.sampled_from(["", "/"])))

    @schemathesis.hook
    def filter_query(context, query):
      # What is nothing in a URL asks for nothing there, whatever it was meant to be.
      nothing = ({}, [], None, [None], [{}], [[]])
      return all(value not in nothing for value in (query or {}).values())

    @schemathesis.hook
    def filter_body(context, body):
      # No schema can say how many bytes a text has.
      name = body.get("name") if isinstance(body, dict) else None
      return (not isinstance(name, str) or len(name) > 63
              or len(name.encode(errors="replace")) <= 63)
    """

  private static let relayScript = """
    import asyncio, sys

    async def pass_on(reader, writer):
      try:
        while data := await reader.read(65536):
          writer.write(data)
          await writer.drain()
      except ConnectionError:
        pass
      finally:
        writer.close()

    async def serve(reader, writer):
      far_reader, far_writer = await asyncio.open_unix_connection(sys.argv[2])
      await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))

    async def main():
      server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
      print("relaying", flush=True)
      await server.serve_forever()

    asyncio.run(main())
    """

  /// Asks the API at `url`, as it describes itself, so much of each operation, but the stream of
  /// changes, which has no end; its report, which ends with what it found.
  static func run(
    on host: LabHost, at url: String, examples: Int
  ) async throws -> LabHost.Output {
    try await host.write(hooks, to: "/run/schemathesis/hooks.py")
    try await host.write("hooks = \"hooks.py\"\n", to: "/run/schemathesis/schemathesis.toml")
    let description = try await host.get("\(url)/openapi.yaml")
    try await host.write(description, to: "/run/schemathesis/openapi.yaml")
    let command = """
      cd /run/schemathesis && PYTHONPATH=. exec \(programs)st --no-color run openapi.yaml \
        --url \(url) --checks all --exclude-path /v1/watch --seed 1 --max-examples \(examples) \
        --generation-database none --suppress-health-check too_slow
      """
    return try await host.run(["sh", "-c", command], within: .seconds(200))
  }

  /// Starts a relay to the Unix socket; what it passes on comes from root.
  static func startRelay(on host: LabHost) async throws -> LabProcess {
    let process = try host.spawn([
      "/usr/bin/python3", "-c", relayScript, "6399", Daemon.socket,
    ])
    try await process.line(containing: "relaying")
    return process
  }

  /// Runs a Python script that has `jsonschema_rs` and `yaml`.
  static func python(on host: LabHost, _ script: String) throws -> LabProcess {
    try host.spawn([programs + "python", "-u", "-c", script, Daemon.socket])
  }
}
