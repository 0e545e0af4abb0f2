/// An authority of the lab's own and what it certifies, made with openssl on a host.
struct LabCertificates: Sendable {
  private let host: LabHost

  /// Makes the authority.
  init(on host: LabHost) async throws {
    self.host = host
    try await host.succeed(
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes", "-days", "2", "-subj", "/CN=Authority of the lab", "-keyout", "/run/ca.key",
      "-out", "/run/ca.pem")
  }

  /// The authority's own certificate as a PEM text.
  var authority: String {
    get async throws { try await host.succeed("cat", "/run/ca.pem") }
  }

  /// A file with a server's certificate and key.
  ///
  /// - Parameter names: as openssl has them: "DNS:gpu.lab", "IP:10.0.0.5".
  func certify(_ names: [String]) async throws -> String {
    let script = """
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server \
        -keyout server.key -out server.csr
      echo "subjectAltName=$1" > server.ext
      openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
        -extfile server.ext -out server.pem
      cat server.pem server.key > both.pem
      """
    try await host.succeed(
      "sh", "-ec", "cd /run\n" + script, "sh", names.joined(separator: ","))
    return "/run/both.pem"
  }
}

extension LabHost {
  /// Gives addresses names, for programs of this host alone.
  func nameInHosts(_ names: [String], as address: String) async throws {
    let text = "127.0.0.1 localhost\n" + names.map { "\(address) \($0)\n" }.joined()
    try await write(text, to: "/run/hosts")
    try await succeed("mount", "--bind", "/run/hosts", "/etc/hosts")
  }
}
