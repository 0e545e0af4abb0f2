import Foundation

/// Many connections from one process inside a host, held until its input ends.
struct Crowd: Sendable {
  let process: LabProcess

  /// Opens `count` connections, sends `text` over each and says so once each has been taken in as far
  /// as it will be: with `answer`, when that many bytes of an answer have come over each.
  private static let script = """
    import resource, select, socket, sys
    count, where, text, answer = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 64, resource.getrlimit(
      resource.RLIMIT_NOFILE)[1]))
    crowd = []
    for index in range(count):
      if where.startswith("/"):
        one = socket.socket(socket.AF_UNIX)
        one.connect(where)
      else:
        one = socket.create_connection((where, 6398))
      # Who is refused may find it closed already, which is counted below.
      try:
        one.sendall(text.encode().decode("unicode_escape").encode())
        if answer: one.recv(answer)
      except ConnectionError: pass
      crowd.append(one)
    print("all", flush=True)
    # What the other end closes is counted.
    waiting, gone = select.poll(), 0
    for one in crowd: waiting.register(one, select.POLLIN)
    waiting.register(sys.stdin, select.POLLIN)
    names = {one.fileno(): one for one in crowd}
    while True:
      for descriptor, _ in waiting.poll():
        if descriptor == sys.stdin.fileno(): sys.exit()
        try:
          if names[descriptor].recv(65536): continue
        except OSError: pass
        waiting.unregister(descriptor)
        names.pop(descriptor).close()
        gone += 1
        if gone == count: print("all gone", flush=True)
    """

  /// Returns when all are open; `place` is an IPv4 address or the path of a socket, `prefix` a command
  /// that runs another.
  init(
    of count: Int, at place: String, saying text: String, answer: Int = 0, on host: LabHost,
    prefix: [String] = []
  ) async throws {
    process = try host.spawn(
      prefix + ["/usr/bin/python3", "-c", Self.script, String(count), place, text, String(answer)])
    try await process.line(containing: "all", within: .seconds(60))
  }

  /// When the daemon has closed each of them.
  func gone(within limit: Duration) async throws {
    try await process.line(containing: "all gone", within: limit)
  }

  func end() async throws {
    process.closeInput()
    try await process.exit()
  }
}
