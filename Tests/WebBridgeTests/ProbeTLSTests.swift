import DiscoveryCore
import Foundation
import Testing
import WebBridge

/// Certificates of one's own, and servers that show them (openssl(1)).
private final class TestAuthority {
  let directory: String
  private var servers: [Process] = []

  init() throws {
    directory = NSTemporaryDirectory() + "tls-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: false)
    try write("index.txt", "")
    try write("hello.json", "{\"ok\":true}")
    try write(
      "ca.cnf",
      """
      [ca]
      default_ca = own
      [own]
      database = index.txt
      new_certs_dir = .
      rand_serial = yes
      default_md = sha256
      default_days = 2
      unique_subject = no
      policy = policy
      copy_extensions = copy
      [policy]
      commonName = supplied
      """)
    try openssl(newKey("ca") + ["-x509", "-days", "2", "-subj", "/CN=Test authority"])
  }

  deinit {
    for server in servers {
      // It may have inherited a mask that keeps SIGTERM out.
      kill(server.processIdentifier, SIGKILL)
      server.waitUntilExit()
    }
    try? FileManager.default.removeItem(atPath: directory)
  }

  func path(_ file: String) -> String { "\(directory)/\(file)" }

  func write(_ file: String, _ text: String) throws {
    try text.write(toFile: path(file), atomically: true, encoding: .utf8)
  }

  private func newKey(_ name: String) -> [String] {
    [
      "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
      "-keyout", "\(name).key", "-out", "\(name).pem",
    ]
  }

  /// A certificate that vouches for itself.
  func makeSelfSigned(_ name: String, for names: String) throws {
    try openssl(
      newKey(name) + [
        "-x509", "-days", "2", "-subj", "/CN=self", "-addext", "subjectAltName=\(names)",
      ])
  }

  /// A certificate that the authority vouches for.
  func makeSigned(_ name: String, for names: String, isExpired: Bool = false) throws {
    try openssl(
      newKey("request") + ["-subj", "/CN=signed", "-addext", "subjectAltName=\(names)"])
    let dates =
      isExpired ? ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"] : []
    try openssl(
      [
        "ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
        "-in", "request.pem", "-out", "\(name).pem",
      ] + dates)
    try FileManager.default.moveItem(atPath: path("request.key"), toPath: path("\(name).key"))
  }

  private func process(_ arguments: [String]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    return process
  }

  private func openssl(_ arguments: [String]) throws {
    let process = process(arguments)
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw POSIXError(.EINVAL) }
  }

  /// Serves the directory's files with a certificate; the port.
  func serve(_ name: String) throws -> UInt16 {
    let process = process([
      "s_server", "-accept", "127.0.0.1:0", "-cert", "\(name).pem", "-key", "\(name).key", "-WWW",
    ])
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    servers.append(process)
    // "ACCEPT 127.0.0.1:40123"
    var text = ""
    while !text.contains("ACCEPT ") || !text.hasSuffix("\n") {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw POSIXError(.EADDRNOTAVAIL) }
      text += String(decoding: data, as: UTF8.self)
    }
    let digits = text.trimmingCharacters(in: .newlines).split(separator: ":").last
    return try #require(digits.flatMap { UInt16($0) })
  }
}

@Suite(.serialized)
struct ProbeTLSTests {
  private let authority: TestAuthority
  private let server: TestServer

  init() throws {
    authority = try TestAuthority()
    server = try TestServer()
  }

  private func probe(
    _ port: UInt16, as name: String, verifies: Bool = true, authorities: String? = nil
  ) async -> String {
    let access = ProbeAccess(verifiesCertificate: verifies, authorities: authorities)
    return await server.server.probes.send(
      .to(port, .get(path: "/hello.json"), scheme: .https, name: name, access: access)
    ).summary
  }

  @Test("a certificate has to be good, and for the name or address that was asked for")
  func verification() async throws {
    try authority.makeSigned("good", for: "DNS:models.example,DNS:*.wild.example,IP:127.0.0.1")
    let port = try authority.serve("good")
    let own = authority.path("ca.pem")
    let fine = "200 {\"ok\":true}"
    let table: [(String, String?, String)] = [
      ("models.example", own, fine), ("127.0.0.1", own, fine), ("a.wild.example", own, fine),
      ("other.example", own, "TLS: hostname mismatch"),
      ("a.b.wild.example", own, "TLS: hostname mismatch"),
      ("127.0.0.2", own, "TLS: IP address mismatch"), ("::1", own, "TLS: IP address mismatch"),
      ("models.example", nil, "TLS: unable to get local issuer certificate"),
    ]
    for (name, authorities, expected) in table {
      #expect(await probe(port, as: name, authorities: authorities) == expected, "\(name)")
    }
    #expect(await probe(port, as: "other.example", verifies: false) == fine)
  }

  @Test("an expired and a self-signed certificate will do only where any does")
  func unverified() async throws {
    try authority.makeSigned("old", for: "DNS:models.example", isExpired: true)
    try authority.makeSelfSigned("self", for: "DNS:models.example")
    let own = authority.path("ca.pem")
    let old = try authority.serve("old")
    let selfSigned = try authority.serve("self")
    let name = "models.example"
    #expect(
      await probe(old, as: name, authorities: own) == "TLS: certificate has expired")
    #expect(await probe(selfSigned, as: name) == "TLS: self-signed certificate")
    #expect(await probe(selfSigned, as: name, authorities: own) == "TLS: self-signed certificate")
    for port in [old, selfSigned] {
      #expect(await probe(port, as: name, verifies: false) == "200 {\"ok\":true}")
    }
    // It may be named as its own authority, and a file that changes is read again.
    let file = authority.path("trusted.pem")
    try FileManager.default.copyItem(atPath: own, toPath: file)
    #expect(await probe(selfSigned, as: name, authorities: file) == "TLS: self-signed certificate")
    try FileManager.default.removeItem(atPath: file)
    try FileManager.default.copyItem(atPath: authority.path("self.pem"), toPath: file)
    #expect(await probe(selfSigned, as: name, authorities: file) == "200 {\"ok\":true}")
  }

  @Test("authorities that cannot be read are named")
  func badFiles() async throws {
    try authority.makeSelfSigned("self", for: "DNS:models.example")
    let port = try authority.serve("self")
    let table = [
      ("none.pem", ": no such file or directory"), ("hello.json", " holds no certificates"),
      ("self.key", " holds no certificates"), (".", ": is a directory"),
    ]
    for (file, problem) in table {
      let path = authority.path(file)
      let expected = "TLS: \(path)\(problem)"
      #expect(await probe(port, as: "models.example", authorities: path) == expected)
    }
  }

  @Test("a server that speaks no TLS, ends it or says nothing is told apart")
  func noTLS() async throws {
    let plain = try LoopbackServer { connection in
      connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
      connection.waitForEnd()
    }
    #expect(await probe(plain.port, as: "x") == "TLS: the server does not speak TLS")
    let silent = try LoopbackServer.hanging()
    let probes = server.server.probes
    let short = silent.request(
      scheme: .https, timeout: .seconds(60), connecting: .milliseconds(200))
    #expect(await probes.send(short) == .failure(.timedOut))
    let ended = try LoopbackServer { connection in
      // The record's header is enough to know that it began to speak.
      var bytes = [UInt8](repeating: 0, count: 5)
      recv(connection.descriptor, &bytes, bytes.count, 0)
      shutdown(connection.descriptor, Int32(SHUT_WR))
      connection.waitForEnd()
    }
    #expect(
      await probes.send(ended.request(scheme: .https)).summary
        == "TLS: connection closed during the handshake")
  }

  @Test("only a connection is made where only that is asked for, without TLS")
  func connect() async throws {
    let silent = try LoopbackServer.hanging()
    let request = silent.request(.connect, scheme: .https)
    #expect(await server.server.probes.send(request).summary == "0 ")
  }
}
