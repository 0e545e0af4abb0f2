import DiscoveryCore
import Testing

struct RuntimeBackendsTests {
  typealias Wish = RuntimeBackends.Wish
  typealias Statics = RuntimeBackends.Statics

  private func wish(_ url: String, name: String? = nil) throws -> Wish {
    Wish(url: try BackendURL(parsing: url), name: name)
  }

  @Test("without a name it is called by its host, and by its port too where that is taken")
  func names() throws {
    var backends = RuntimeBackends()
    #expect(try backends.add(wish("http://gpu.example:1"), besides: Statics()))
    #expect(try backends.add(wish("http://gpu.example:2"), besides: Statics()))
    #expect(try backends.add(wish("http://[fe80::1]:3"), besides: Statics(names: ["fe80::1"])))
    #expect(
      backends.backends.map(\.name) == ["gpu.example", "gpu.example:2", "[fe80::1]:3"])
    #expect(throws: RuntimeBackends.Refusal.nameTaken("gpu.example:3")) {
      try backends.add(
        wish("http://gpu.example:3"), besides: Statics(names: ["gpu.example:3"]))
    }
  }

  @Test("the same URL again changes what is named, and leaves the rest")
  func again() throws {
    var backends = RuntimeBackends()
    var first = try wish("http://GPU.example:80/v1/", name: "gpu")
    (first.type, first.priority) = (.vllm, 7)
    #expect(try backends.add(first, besides: Statics()))
    #expect(try !backends.add(wish("http://gpu.example/v1"), besides: Statics()))
    #expect(backends.backends.map(\.name) == ["gpu"])
    #expect(backends.backends.first?.type == .vllm)
    #expect(backends.backends.first?.priority == 7)
    #expect(try !backends.add(wish("http://gpu.example/v1", name: "box"), besides: Statics()))
    #expect(backends.backends.map(\.name) == ["box"])
  }

  @Test("what is in the way is refused with its reason, and changes nothing")
  func refusals() throws {
    var backends = RuntimeBackends()
    _ = try backends.add(wish("http://a:1", name: "a"), besides: Statics())
    _ = try backends.add(wish("http://b:1", name: "b"), besides: Statics())
    let before = backends.backends
    #expect(throws: RuntimeBackends.Refusal.isStatic(name: "file")) {
      try backends.add(
        wish("http://a:1", name: "c"), besides: Statics(nameAtServer: "file"))
    }
    #expect(throws: RuntimeBackends.Refusal.addedOtherwise(name: "a", url: "http://a:1")) {
      try backends.add(wish("http://a:1/v1"), besides: Statics())
    }
    #expect(throws: RuntimeBackends.Refusal.nameTaken("b")) {
      try backends.add(wish("http://a:1", name: "b"), besides: Statics())
    }
    #expect(throws: RuntimeBackends.Refusal.nameTaken("file")) {
      try backends.add(wish("http://c:1", name: "file"), besides: Statics(names: ["file"]))
    }
    #expect(backends.backends == before)
  }

  @Test("there is room for a thousand and no more, and again once one is removed")
  func room() throws {
    var backends = RuntimeBackends()
    for number in 1...RuntimeBackends.maximum {
      _ = try backends.add(wish("http://10.0.0.1:\(number)"), besides: Statics())
    }
    #expect(throws: RuntimeBackends.Refusal.full) {
      try backends.add(wish("http://10.0.0.2:1"), besides: Statics())
    }
    backends.remove(["http://10.0.0.1:5"])
    #expect(try backends.add(wish("http://10.0.0.2:1"), besides: Statics()))
    #expect(backends.url(ofName: "10.0.0.2") == "http://10.0.0.2:1")
    #expect(backends.url(ofName: "10.0.0.3") == nil)
  }
}
