import APIModel
import Synchronization

/// The status codes that the API uses (RFC 9110 §15).
package enum HTTPStatus: Int, CaseIterable, Hashable, Sendable {
  case ok = 200
  case created = 201
  case accepted = 202
  case noContent = 204
  case badRequest = 400
  case forbidden = 403
  case notFound = 404
  case methodNotAllowed = 405
  case requestTimeout = 408
  case conflict = 409
  case lengthRequired = 411
  case contentTooLarge = 413
  case uriTooLong = 414
  case expectationFailed = 417
  case unprocessableContent = 422
  case headersTooLarge = 431
  case notImplemented = 501
  case serviceUnavailable = 503
  case versionNotSupported = 505

  /// The phrase in the status line.
  package var reason: String {
    switch self {
    case .ok: "OK"
    case .created: "Created"
    case .accepted: "Accepted"
    case .noContent: "No Content"
    case .badRequest: "Bad Request"
    case .forbidden: "Forbidden"
    case .notFound: "Not Found"
    case .methodNotAllowed: "Method Not Allowed"
    case .requestTimeout: "Request Timeout"
    case .conflict: "Conflict"
    case .lengthRequired: "Length Required"
    case .contentTooLarge: "Content Too Large"
    case .uriTooLong: "URI Too Long"
    case .expectationFailed: "Expectation Failed"
    case .unprocessableContent: "Unprocessable Content"
    case .headersTooLarge: "Request Header Fields Too Large"
    case .notImplemented: "Not Implemented"
    case .serviceUnavailable: "Service Unavailable"
    case .versionNotSupported: "HTTP Version Not Supported"
    }
  }

  /// The error's word in an `ErrorDocument`.
  package var code: String {
    String(reason.lowercased().map { $0 == " " ? "_" : $0 })
  }
}

/// How many bytes of long answers are held, by whomever.
package final class ByteMeter: Sendable {
  private let total = Atomic<Int>(0)

  package init() {}

  package var count: Int { total.load(ordering: .relaxed) }

  fileprivate func add(_ count: Int) {
    total.add(count, ordering: .relaxed)
  }
}

/// Bytes that several connections may send at once, held once and counted as long as they are.
package final class SharedBytes: Sendable {
  package let bytes: [UInt8]
  private let meter: ByteMeter

  package init(_ bytes: [UInt8], countedBy meter: ByteMeter) {
    self.bytes = bytes
    self.meter = meter
    meter.add(bytes.count)
  }

  deinit {
    meter.add(-bytes.count)
  }
}

/// One answer.
package struct HTTPResponse: Sendable {
  package enum Body: Sendable {
    case bytes([UInt8])
    case shared(SharedBytes)
    /// As long as the connection lasts.
    case stream

    /// All of it; empty for a stream.
    package var bytes: [UInt8] {
      switch self {
      case .bytes(let bytes): bytes
      case .shared(let shared): shared.bytes
      case .stream: []
      }
    }
  }

  package var status: HTTPStatus
  package var contentType = "application/json"
  /// The methods for a 405's `Allow`.
  package var allow: String?
  /// Where the new backend of a 201 is.
  package var location: String?
  package var body: Body

  package init(_ status: HTTPStatus, _ body: Body) {
    self.status = status
    self.body = body
  }

  /// An error as the API words it.
  package static func error(_ status: HTTPStatus, code: String? = nil, _ message: String)
    -> HTTPResponse
  {
    let document = ErrorDocument(code: code ?? status.code, message: message)
    return HTTPResponse(status, .bytes(JSONBytes.encode(document)))
  }

  /// The status line and headers; `date` as in `HTTPDate`.
  package func head(date: String, keepsConnection: Bool, isVersion10: Bool) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(256)
    text += "HTTP/1.1 \(status.rawValue) ".utf8
    text += status.reason.utf8
    text += "\r\nDate: ".utf8
    text += date.utf8
    // A 204 has neither a content nor its type and length (RFC 9110 §8.6).
    if status != .noContent {
      text += "\r\nContent-Type: ".utf8
      text += contentType.utf8
    }
    if case .stream = body {
      text += "\r\nConnection: close".utf8
    } else {
      if status != .noContent { text += "\r\nContent-Length: \(body.bytes.count)".utf8 }
      if !keepsConnection {
        text += "\r\nConnection: close".utf8
      } else if isVersion10 {
        text += "\r\nConnection: keep-alive".utf8
      }
    }
    if let allow {
      text += "\r\nAllow: ".utf8
      text += allow.utf8
    }
    if let location {
      text += "\r\nLocation: ".utf8
      text += location.utf8
    }
    text += "\r\nCache-Control: no-store\r\n\r\n".utf8
    return text
  }
}

/// JSON of documents that always have one.
package enum JSONBytes {
  package static func encode(_ document: some Encodable) -> [UInt8] {
    // Encoding only fails for numbers that are not finite, which no document holds.
    (try? JSONText.encode(document)) ?? Array("null".utf8)
  }
}
