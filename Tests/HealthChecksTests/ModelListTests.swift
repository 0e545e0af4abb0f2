import DiscoveryCore
import Testing

@testable import HealthChecks

@Suite struct ModelListTests {
  private func list(_ text: String, _ format: ModelList.Format = .openAI) throws -> ModelList? {
    ModelList(try JSON(parsing: Array(text.utf8)), format: format)
  }

  @Test("names are sorted and unique, whatever else stands in the list")
  func names() throws {
    let list = try list(
      #"{"object":"list","data":[{"id":"b"},{"id":"a"},{"id":"b"},{"id":7},{},null,"x",{"id":""}]}"#
    )
    #expect(list?.names == ["a", "b"])
  }

  @Test("names that are too long or could not be shown as they are are left out")
  func unfit() throws {
    let long = String(repeating: "x", count: 257)
    let list = try list(
      #"{"models":[{"name":"a\u001b[2J"},{"name":"a\u202eb"},{"name":"\#(long)"},{"name":"ok:1b"}]}"#,
      .ollama)
    #expect(list?.names == ["ok:1b"])
  }

  @Test("of a hundred thousand models the first 1,024 are kept")
  func many() throws {
    let entries = (0..<100_000).map { #"{"id":"m\#($0)"}"# }.joined(separator: ",")
    let list = try list(#"{"object":"list","data":[\#(entries)]}"#)
    #expect(list?.names.count == 1024)
    #expect(list?.names.first == "m0")
  }

  @Test(
    "what is no list of models is none",
    arguments: [
      "[]", "{}", #"{"data":[]}"#, #"{"object":"model","data":[]}"#, #"{"object":"list"}"#,
      #"{"object":"list","data":null}"#, #"{"error":"Unexpected endpoint"}"#, "null",
    ])
  func none(text: String) throws {
    let list = try list(text)
    #expect(list == nil)
  }

  @Test("a list without models is one: Ollama may call it null")
  func empty() throws {
    let lists = try [
      list(#"{"models":null}"#, .ollama), list(#"{"models":[]}"#, .ollama),
      list(#"{"data":[]}"#, .lmStudio), list(#"{"object":"list","data":[]}"#),
    ]
    #expect(lists.allSatisfy { $0?.names == [] })
  }

  @Test("an owner counts when all models have it")
  func owners() throws {
    let one = try list(
      #"{"object":"list","data":[{"id":"a","owned_by":"vllm"},{"id":"b","owned_by":"vllm"}]}"#)
    #expect(one?.owner == .vllm)
    let two = try list(
      #"{"object":"list","data":[{"id":"a","owned_by":"vllm"},{"id":"b","owned_by":"me"}]}"#)
    #expect(two?.owner == nil)
  }
}
