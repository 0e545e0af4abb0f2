import APIModel
import DiscoveryCore
import Foundation
import Testing
import WebBridge

/// That the description fits the code as far as text shows; the lab tries the whole of it.
@Suite("The API's description")
struct OpenAPITests {
  private static func text() throws -> String {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/WebBridge/OpenAPI/openapi.yaml")
    return try String(contentsOf: file.standardized, encoding: .utf8)
  }

  /// The methods of each path.
  private static func operations() throws -> [String: Set<String>] {
    var operations: [String: Set<String>] = [:]
    var path = ""
    for line in try text().split(separator: "\n") {
      if let match = line.wholeMatch(of: /\x20{2}(\/\S*):/) { path = String(match.1) }
      if let match = line.wholeMatch(of: /\x20{4}(get|put|post|delete|patch|head):/) {
        operations[path, default: []].insert(match.1.uppercased())
      }
    }
    return operations
  }

  @Test("it is served as it stands in the repository")
  func served() throws {
    let server = try TestServer()
    let answer = try server.client.get("/openapi.yaml")
    #expect(answer.status == 200)
    let text = try Self.text()
    #expect(answer.text == text)
  }

  @Test("each path has the methods that it says, and no others")
  func methods() throws {
    let operations = try Self.operations()
    #expect(operations.count == 11)
    let model = newModel()
    model.apply(snapshot(1, [backend("here")]), at: noon)
    for (path, described) in operations {
      for method in ["GET", "PUT", "POST", "DELETE", "PATCH"] {
        let request = HTTPRequest(
          method: method, path: path.replacingOccurrences(of: "{backend}", with: "here"))
        let answer = Router.answer(request, by: .local(mayChange: true), from: model, at: noon)
        let isThere = ![HTTPStatus.notFound, .methodNotAllowed].contains(answer.response.status)
        #expect(isThere == described.contains(method), "\(method) \(path)")
      }
    }
  }

  /// What a schema calls required.
  private static func required(of schema: String) throws -> Set<String> {
    let text = try text()
    let start = try #require(text.range(of: "\n    \(schema):\n", options: .backwards))
    let list = try #require(
      text[start.upperBound...].firstMatch(of: /required:\s+((?:- \w+\s+)+)properties:/)?.1)
    return Set(list.matches(of: /\w+/).map { String($0.0) })
  }

  @Test("a backend and the status have the keys that it says")
  func keys() throws {
    let model = newModel()
    model.apply(snapshot(1, [backend("here")]), at: noon)
    for (path, schema) in [("/v1/backends/here", "Backend"), ("/v1/status", "Status")] {
      let answer = Router.answer(
        HTTPRequest(method: "GET", path: path), by: .network, from: model, at: noon)
      let document = try JSONSerialization.jsonObject(with: Data(answer.response.body.bytes))
      let keys = try #require(document as? [String: Any]).keys
      #expect(try Self.required(of: schema) == Set(keys), "\(schema)")
    }
  }

  @Test("types, statuses, sources and limits are all that there are")
  func words() throws {
    let text = try Self.text()
    for type in BackendType.allCases { #expect(text.contains("- \(type.rawValue)\n")) }
    for words in [
      BackendStatus.allCases.map(\.rawValue), SourceKind.allCases.map(\.rawValue),
      SourceLimit.Name.allCases.map(\.rawValue),
    ] {
      #expect(text.contains("enum: [\(words.joined(separator: ", "))]"), "\(words)")
    }
  }
}
