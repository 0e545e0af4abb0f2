import Foundation
import Testing

@testable import nexus_discovery

@Suite("standard output")
struct TextSinkTests {
  @Test("that nobody reads any more ends us quietly")
  func closedPipe() throws {
    signal(SIGPIPE, SIG_IGN)
    let pipe = Pipe()
    let sink = DescriptorSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    try sink.write("größe\n")
    #expect(pipe.fileHandleForReading.availableData == Data("größe\n".utf8))
    try pipe.fileHandleForReading.close()
    // A process that another test is just starting may have it open for a moment longer.
    #expect(throws: OutputClosed.self) { while true { try sink.write("x") } }
  }

  @Test("that is full is a failure, and so is one that is closed")
  func fullDisk() {
    let full = open("/dev/full", O_WRONLY)
    defer { close(full) }
    #expect(throws: CommandFailure("cannot write the output: No space left on device")) {
      try DescriptorSink(descriptor: full).write("x")
    }
    #expect(throws: CommandFailure("cannot write the output: Bad file descriptor")) {
      try DescriptorSink(descriptor: -1).write("x")
    }
  }

  @Test("takes what is more than a pipe holds, also when it does not block")
  func large() async throws {
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    let text = String(repeating: "0123456789abcde\n", count: 65_536)
    // On a thread of its own: those that tasks share are few, and this one waits for it.
    let (readings, reading) = AsyncStream.makeStream(of: Data.self)
    Thread.detachNewThread { reading.yield(pipe.fileHandleForReading.readDataToEndOfFile()) }
    try DescriptorSink(descriptor: descriptor).write(text)
    try pipe.fileHandleForWriting.close()
    var received = readings.makeAsyncIterator()
    #expect(await received.next() == Data(text.utf8))
  }
}

@Suite("the process")
struct ProcessTests {
  @Test(
    "ends with the promised status, and says why on standard error alone",
    arguments: [
      ("--version", 0, "nexus-discovery 0.1.0\n", ""),
      ("list --socket /nonexistent/s", 3, "", "nexus-discovery: no daemon at /nonexistent/s"),
      ("list --nonsense", 2, "", "nexus-discovery: list: unknown option"),
      ("--help >/dev/full", 1, "", "nexus-discovery: cannot write the output: No space left"),
      ("--help | true", 0, "", ""), ("--help >&-", 1, "", "nexus-discovery: cannot write"),
    ] as [(String, Int32, String, String)])
  func status(line: String, status: Int32, output: String, errors: String) throws {
    let tool = try #require(BuiltTool.url)
    let (out, err) = (Pipe(), Pipe())
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-o", "pipefail", "-c", "\"$0\" \(line)", tool.path]
    process.standardOutput = out
    process.standardError = err
    try process.run()
    let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaints = String(decoding: err.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == status)
    #expect(text == output)
    #expect(errors.isEmpty ? complaints.isEmpty : complaints.hasPrefix(errors))
  }
}
