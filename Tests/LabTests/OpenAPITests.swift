import Foundation
import Testing

extension PatientLabTests {
  @Suite(
    "The API's description", .timeLimit(.minutes(8)),
    .disabled(
      if: !Schemathesis.isThere,
      "there is no schemathesis: run tools/make-schemathesis .build/schemathesis"))
  struct OpenAPI {
    /// Reads documents and the stream of changes, and judges them by the daemon's own description,
    /// made stricter: a key that it does not name is an error too.
    private static let judge = """
      import http.client, json, socket, sys
      import jsonschema_rs, yaml

      class API(http.client.HTTPConnection):
        def connect(self):
          self.sock = socket.socket(socket.AF_UNIX)
          self.sock.settimeout(30)
          self.sock.connect(sys.argv[1])

      def get(path):
        api = API("localhost")
        api.request("GET", path)
        answer = api.getresponse()
        assert answer.status == 200, (path, answer.status)
        return answer

      description = yaml.safe_load(get("/openapi.yaml").read())

      def close(node):
        if isinstance(node, dict):
          if "properties" in node: node.setdefault("additionalProperties", False)
          for one in node.values(): close(one)
        elif isinstance(node, list):
          for one in node: close(one)

      schemas = description["components"]["schemas"]
      for schema in schemas.values(): close(schema)
      judges = {
        name: jsonschema_rs.Draft202012Validator(
          {"$ref": "#/components/schemas/" + name, "components": {"schemas": schemas}},
          validate_formats=True)
        for name in schemas}

      def judge(text, schema):
        document = json.loads(text)
        judges[schema].validate(document)
        return document

      # The examples are judged as well.
      for name, schema in schemas.items():
        for example in schema.get("examples", []): judges[name].validate(example)
      for path, schema in (("/v1/backends", "BackendList"), ("/v1/models", "ModelList"),
                           ("/v1/status", "Status"), ("/readyz", "Word")):
        judge(get(path).read(), schema)
      listed = json.loads(get("/v1/backends").read())["backends"]
      for one in listed: judge(get("/v1/backends/" + one["id"]).read(), "Backend")
      print("documents", len(listed))

      stream = get("/v1/watch")
      assert stream.getheader("Content-Type") == "text/event-stream"
      revision = None
      while True:
        event = {}
        while line := stream.readline().decode().rstrip("\\n"):
          key, _, value = line.partition(": ")
          if not line.startswith(":"): event[key] = value
        if not event: continue
        assert sorted(event) == ["data", "event", "id"], event
        if event["event"] == "snapshot":
          document = judge(event["data"], "BackendList")
          assert document["revision"] == int(event["id"])
        else:
          assert event["event"] in description["paths"]["/v1/watch"]["get"]["description"], event
          judge(event["data"], "Backend")
          assert int(event["id"]) == revision + 1, (event["id"], revision)
        revision = int(event["id"])
        print(event["event"])
      """

    @Test("every document and event is as it is described, and no operation surprises schemathesis")
    func description() async throws {
      try await withTwoHosts(givingWay: true) { alpha, beta in
        let address = await alpha.address
        _ = try await alpha.startStandIn([.init(port: 9001, kind: "vllm")])
        let daemon = try await beta.startDaemon(
          Daemon.checking(
            interval: 30, grace: 2,
            // The one that the description's examples name.
            more: Daemon.configured("gpu-box-02", "http://\(address):9009")))
        let txt = ["version=0.5.7", "flag", "info=a\u{202e}b", "api_path=/v1"]
        let publication = try await alpha.publish("größe 😀", "_llm._tcp", 9001, txt)
        try await daemon.backends("all checked") {
          $0.count == 2 && $0.values.allSatisfy { $0.lastCheck != nil }
        }
        let judge = try Schemathesis.python(on: beta, Self.judge)
        try await judge.line(containing: "documents 3", within: .seconds(60))
        try await judge.line(containing: "snapshot")
        // What is added and removed is gone then, unless the network has it too.
        try await publication.withdraw()
        try await daemon.backends("the configured one") { $0.count == 1 }

        for (url, examples) in [("http://127.0.0.1:6398", 25), (Schemathesis.relay, 50)] {
          let relay = try await Schemathesis.startRelay(on: beta)
          let result = try await Schemathesis.run(on: beta, at: url, examples: examples)
          #expect(result.status == .status(0), "\(url): \(result.output)\(result.errors)")
          // All but the stream of changes.
          #expect(result.output.contains("Tested: 12"), "\(result.output)")
          try await beta.stop(relay)
        }
        // All that the second run added and removed was told, too.
        for event in ["disappeared", "added", "status", "updated", "removed"] {
          try await judge.line(within: .seconds(60), "an event \(event)") { $0.text == event }
        }
        #expect(try await beta.get("http://127.0.0.1:6398/healthz").contains("ok"))
      }
    }
  }
}
