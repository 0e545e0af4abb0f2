import APIModel
import DiscoveryCore

/// Why a body is no backend to be added, in a sentence for people.
package struct BodyProblem: Error, Hashable, Sendable {
  package let message: String
}

extension RuntimeBackends.Wish {
  private static let keys = ["url", "name", "type", "priority"]

  /// Reads a `NewBackendDocument`, whatever its media type is said to be: only those who may change
  /// something get this far, and no browser is among them.
  package init(body: [UInt8]) throws(BodyProblem) {
    guard let object = try? JSONText.decode(PlainObject.self, from: body) else {
      throw BodyProblem(
        message: "the body must be a JSON object, as in {\"url\": \"http://10.0.0.5:11434\"}")
    }
    for key in object.keys where !Self.keys.contains(key) {
      let near = NearestName.of(key, among: Self.keys).map { "did you mean \"\($0)\"?" }
      let known = "there are url, name, type and priority"
      throw BodyProblem(message: "unknown key \"\(key)\"; \(near ?? known)")
    }
    guard let url = try Self.text("url", in: object, BackendRules.url) else {
      throw BodyProblem(message: "\"url\" is missing, as in {\"url\": \"http://10.0.0.5:11434\"}")
    }
    self.init(
      url: url, name: try Self.text("name", in: object, BackendRules.name),
      type: try Self.text("type", in: object, BackendRules.type),
      priority: try Self.priority(in: object))
  }

  private static func text<Value>(
    _ key: String, in object: PlainObject, _ rule: (String) throws(TextProblem) -> Value
  ) throws(BodyProblem) -> Value? {
    switch object.values[key] {
    case nil: return nil
    case .text(let text):
      do throws(TextProblem) {
        return try rule(text)
      } catch {
        throw problem(error, of: key)
      }
    case .number: throw BodyProblem(message: "\"\(key)\" must be a string, but is a number")
    case .other(let kind):
      throw BodyProblem(
        message: "\"\(key)\" must be a string, but is "
          + (kind == "no whole number" ? "a number" : kind))
    }
  }

  private static func priority(in object: PlainObject) throws(BodyProblem) -> Int? {
    switch object.values["priority"] {
    case nil: return nil
    case .number(let number):
      do throws(TextProblem) {
        return try BackendRules.priority(number)
      } catch {
        throw problem(error, of: "priority")
      }
    case .text: throw BodyProblem(message: "\"priority\" must be an integer, but is a string")
    case .other(let kind):
      throw BodyProblem(message: "\"priority\" must be an integer, but is \(kind)")
    }
  }

  private static func problem(_ problem: TextProblem, of key: String) -> BodyProblem {
    BodyProblem(
      message: problem.message(at: "\"\(key)\"") + (problem.hint.map { "; \($0)" } ?? ""))
  }
}
