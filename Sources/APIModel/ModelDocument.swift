import DiscoveryCore

/// A model as JSON has it: an entry of OpenAI's list of models, and who serves it.
package struct ModelDocument: Hashable, Sendable, Encodable {
  package var id: String
  /// Always `model`.
  package var object: String
  /// Always 0, the beginning of 1970: clients of OpenAI's API insist on a time, and servers tell none
  /// that could be relied on.
  package var created: Int
  /// The `BackendType` of the first backend, as vLLM and others name themselves there.
  package var ownedBy: String
  /// The ids of the backends that serve it, the one to ask first at the front; never empty.
  package var backends: [String]

  private enum CodingKeys: String, CodingKey {
    case id, object, created, backends
    case ownedBy = "owned_by"
  }

  package init(id: String, ownedBy: String, backends: [String]) {
    self.id = id
    object = "model"
    created = 0
    self.ownedBy = ownedBy
    self.backends = backends
  }
}

/// All models that are served: `GET /v1/models`.
package struct ModelListDocument: Hashable, Sendable, Encodable {
  /// Always `list`.
  package var object: String
  /// Sorted by id.
  package var data: [ModelDocument]

  package init(_ data: [ModelDocument]) {
    object = "list"
    self.data = data
  }
}

// MARK: - Reading

extension ModelDocument: JSONReadable {
  package init(_ json: JSON) throws(JSONMismatch) {
    id = try json.text("id")
    object = try json.text("object")
    created = try json.integer("created")
    ownedBy = try json.text("owned_by")
    backends = try json.texts("backends")
  }
}

extension ModelListDocument: JSONReadable {
  package init(_ json: JSON) throws(JSONMismatch) {
    object = try json.text("object")
    data = try json.documents(ModelDocument.self, "data")
  }
}
