import WebBridge

/// What comes over a connection: requests at the server; answers and events at its clients. The first
/// byte chooses where the bytes are cut in two, which must make no difference.
@Sendable func fuzzHTTP(_ bytes: [UInt8]) {
  let whole = Array(bytes.dropFirst())
  let cut = whole.isEmpty ? 0 : Int(bytes[0]) * whole.count / 256
  let parts = [whole[..<cut], whole[cut...]]
  let bytewise = whole.indices.map { whole[$0..<($0 + 1)] }
  let requests = requestsIn([whole[...]])
  check(requestsIn(parts) == requests, "requests depend on how they come")
  check(requestsIn(bytewise) == requests, "requests depend on how they come")
  checkRequests(requests)
  let answer = answerIn([whole[...]])
  check(answerIn(parts) == answer, "answers depend on how they come")
  let events = eventsIn([whole[...]])
  check(eventsIn(parts) == events, "events depend on how they come")
  checkQuery(String(decoding: whole, as: UTF8.self))
}

private func requestsIn(_ chunks: [ArraySlice<UInt8>]) -> [RequestParser.Outcome] {
  var parser = RequestParser()
  var outcomes: [RequestParser.Outcome] = []
  for chunk in chunks {
    parser.append(chunk)
    reading: while true {
      let outcome = parser.next()
      switch outcome {
      case .incomplete: break reading
      // Asked for only while the body is still missing.
      case .expectsContinue: continue
      case .request: outcomes.append(outcome)
      // The connection ends after it.
      case .refused: return outcomes + [outcome]
      }
    }
  }
  return outcomes
}

private func checkRequests(_ outcomes: [RequestParser.Outcome]) {
  for case .request(let request) in outcomes {
    check(request.body.count <= 64 * 1024, "a body of \(request.body.count) bytes")
    check(request.path.utf8.allSatisfy { (0x21...0x7E).contains($0) }, request.path)
    check(!request.path.utf8.contains(UInt8(ascii: "?")), request.path)
    if HTTPRequest.knownMethods.contains(request.method) {
      check(request.path.hasPrefix("/"), request.path)
    }
    for header in request.headers {
      check(!header.name.isEmpty && header.name == header.name.lowercased(), header.name)
      let text = header.name + header.value
      check(!text.unicodeScalars.contains { $0.value < 32 && $0 != "\t" }, "control in \(text)")
    }
    _ = request.keepsConnection
    if let query = request.query { checkQuery(query) }
  }
}

private struct Answer: Equatable {
  var head: ResponseParser.Head?
  var body: [UInt8] = []
  var problem: ResponseParser.Problem?
}

private func answerIn(_ chunks: [ArraySlice<UInt8>]) -> Answer {
  var parser = ResponseParser()
  var answer = Answer()
  for chunk in chunks {
    do throws(ResponseParser.Problem) {
      try parser.append(chunk)
    } catch {
      answer.problem = error
      return answer
    }
    answer.head = parser.head
    _ = parser.isComplete
    answer.body += parser.takeBody()
  }
  return answer
}

private func eventsIn(_ chunks: [ArraySlice<UInt8>]) -> [ServerSentEvent] {
  var parser = ServerSentEventParser()
  return chunks.flatMap { parser.append($0) }
}

private func checkQuery(_ text: String) {
  check(PercentEncoding.decode(PercentEncoding.encode(text)) == text, "it is not decoded again")
  if let items = PercentEncoding.items(ofQuery: text) {
    for (name, value) in items {
      let again = "\(PercentEncoding.encode(name))=\(PercentEncoding.encode(value))"
      let read = PercentEncoding.items(ofQuery: again) ?? []
      check(read.count == 1 && read[0] == (name, value), "\(again) is not \(text)")
    }
  }
  _ = try? BackendFilter(query: text)
}
