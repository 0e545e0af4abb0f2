import Foundation

// A server that answers, and a client that fetches what a backend's URL names.
extension LabHost {
  /// Answers each GET at `port`, over IPv4 and IPv6, with `text`.
  func serve(_ text: String, at port: Int) async throws {
    let script = """
      import http.server, socket, sys

      class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
          self.send_response(200)
          self.end_headers()
          self.wfile.write(sys.argv[2].encode())

      class Server(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET6

      server = Server(("::", int(sys.argv[1])), Handler)
      print("serving", flush=True)
      server.serve_forever()
      """
    let process = try spawn(["/usr/bin/python3", "-c", script, String(port), text])
    try await process.line(containing: "serving")
  }

  /// The body at `url`, fetched as a client does that knows zones (RFC 6874).
  func fetch(_ url: String) async throws -> String {
    let script = """
      import http.client, socket, sys
      from urllib.parse import unquote, urlsplit
      url = urlsplit(sys.argv[1])
      client = http.client.HTTPConnection("server")
      client.sock = socket.create_connection((unquote(url.hostname), url.port), timeout=5)
      client.request("GET", url.path or "/")
      print(client.getresponse().read().decode())
      """
    return try await succeed("/usr/bin/python3", "-c", script, url)
  }
}
