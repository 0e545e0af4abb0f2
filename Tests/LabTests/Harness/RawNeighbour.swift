import Foundation

/// A peer that speaks multicast DNS by hand, so that it can say what no library would: any bytes for
/// names and TXT records, any address, goodbyes for what is not its own. It answers questions about
/// what it announced, and keeps those that it heard.
struct RawNeighbour: Sendable {
  struct Service: Encodable, Sendable {
    /// The instance label; none makes an empty name of it.
    var name: [UInt8]
    var type = "_ollama._tcp.local"
    /// The labels of the SRV record's target, which also owns the addresses.
    var host: [[UInt8]]
    var port = 11434
    /// The TXT record's data as it is sent, right or wrong; nil for no such record.
    var txt: [UInt8]? = [0]
    /// IPv4 ones become A records, IPv6 ones AAAA.
    var addresses: [String]
    /// Seconds that SRV, TXT and addresses are good for.
    var ttl = 120
    var ptrTTL = 4500
    /// The cache-flush bit of all but the PTR record (RFC 6762 §10.2).
    var flush = true
    /// Kinds of record that it has none of: "PTR", "SRV", "A".
    var leftOut: [String] = []

    init(_ name: [UInt8], host: [[UInt8]], addresses: [String]) {
      (self.name, self.host, self.addresses) = (name, host, addresses)
    }

    /// A service of the host called `host` in .local.
    init(_ name: String, host: String = "raw", addresses: [String]) {
      self.init(
        Array(name.utf8), host: [Array(host.utf8), Array("local".utf8)], addresses: addresses)
    }
  }

  /// A question that it heard.
  struct Question: Decodable, Sendable {
    /// Seconds since the neighbour's start.
    let at: Double
    let from: String
    /// 1: A, 12: PTR, 16: TXT, 28: AAAA, 33: SRV.
    let type: Int
    /// Dotted, each byte as the scalar of that number.
    let name: String
    /// The instances that the question named as known answers.
    let known: [String]
  }

  /// A TXT record's data of these strings, each of which has at most 255 bytes.
  static func txt(_ strings: [[UInt8]]) -> [UInt8] {
    strings.isEmpty ? [0] : strings.flatMap { [UInt8($0.count)] + $0 }
  }

  static func txt(_ strings: [String]) -> [UInt8] { txt(strings.map { Array($0.utf8) }) }

  let process: LabProcess

  private struct Order: Encodable {
    let number: Int
    let `do`: String
    var services: [Service] = []
    var over: [String] = []
    var count = 0
    var perPacket = 0
    var ownHosts = false
    var answers = true
  }

  /// Announces services, as many a packet as fit, and answers for them from now on over the same
  /// families; those with the same name are replaced.
  func announce(_ services: [Service], over: [String] = ["ipv4"], answers: Bool = true)
    async throws
  {
    _ = try await order("announce", services, over: over) { $0.answers = answers }
  }

  /// Sends the PTR record of each with a TTL of 0, whoever announced it, and forgets them; with
  /// `wholly` also SRV, TXT and addresses.
  func goodbye(_ services: [Service], over: [String] = ["ipv4"], wholly: Bool = false)
    async throws
  {
    _ = try await order("goodbye", services, over: over) { $0.answers = wholly }
  }

  /// Announces `count` services like `template`, called "name-0", "name-1", … each with its own port,
  /// and with `ownHosts` each on a host of its own. At most 10,000, and 40 a packet.
  /// Without `answers` they are said once and no question about them is answered.
  func flood(
    _ template: Service, count: Int, perPacket: Int = 10, ownHosts: Bool = false,
    answers: Bool = true, over: [String] = ["ipv4"]
  ) async throws {
    _ = try await order("flood", [template], over: over) {
      ($0.count, $0.perPacket, $0.ownHosts) = (min(count, 10_000), min(perPacket, 40), ownHosts)
      $0.answers = answers
    }
  }

  /// The first 20,000 questions that it heard since it started, or was asked this last.
  func questions() async throws -> [Question] {
    try LabJSON.decode([Question].self, from: try await order("questions", [], over: []))
  }

  private func order(
    _ action: String, _ services: [Service], over: [String],
    change: (inout Order) -> Void = { _ in }
  ) async throws -> String {
    let index = process.lines.count
    var order = Order(number: index, do: action, services: services, over: over)
    change(&order)
    process.send(String(decoding: try JSONEncoder().encode(order), as: UTF8.self))
    let done = "done \(index) "
    let line = try await process.line(containing: done, from: index, within: .seconds(60))
    return String(line.text.dropFirst(done.count))
  }
}

extension LabHost {
  /// Starts a neighbour that sends and listens on `interface`.
  func startRawNeighbour(on interface: String = "eth0") async throws -> RawNeighbour {
    let process = try spawn(["/usr/bin/python3", "-c", RawNeighbour.script, interface])
    try await process.line(containing: "ready")
    return RawNeighbour(process: process)
  }
}

extension RawNeighbour {
  fileprivate static let script = #"""
    import json, os, select, socket, struct, sys, time

    A, PTR, TXT, AAAA, SRV, ANY = 1, 12, 16, 28, 33, 255
    PORT, SIZE, LONGEST = 5353, 1400, 8900
    index = socket.if_nametoindex(sys.argv[1])
    start = time.monotonic()

    def opened(family, option_level, options, group):
      s = socket.socket(family, socket.SOCK_DGRAM)
      s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
      s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
      s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
      for option, value in options: s.setsockopt(option_level, option, value)
      s.bind(("", PORT))
      return s, group

    link = struct.pack("4s4si", socket.inet_aton("224.0.0.251"), bytes(4), index)
    link6 = socket.inet_pton(socket.AF_INET6, "ff02::fb") + struct.pack("i", index)
    sockets = {
      "ipv4": opened(socket.AF_INET, socket.IPPROTO_IP, [
        (socket.IP_ADD_MEMBERSHIP, link), (socket.IP_MULTICAST_IF, link),
        (socket.IP_MULTICAST_TTL, 255)], ("224.0.0.251", PORT)),
      "ipv6": opened(socket.AF_INET6, socket.IPPROTO_IPV6, [
        (socket.IPV6_V6ONLY, 1), (socket.IPV6_JOIN_GROUP, link6),
        (socket.IPV6_MULTICAST_IF, index), (socket.IPV6_MULTICAST_HOPS, 255)],
        ("ff02::fb", PORT, 0, index)),
    }
    services = {}   # the instance's wire name: its records, and the families to answer over
    table = None    # (family, owner in lower case, type): records; None when it must be made again
    heard = []

    def wire(labels): return b"".join(bytes([len(l)]) + l for l in labels if l) + b"\0"

    def instance(service):
      return wire([bytes(service["name"])] + service["type"].encode().split(b"."))

    def record(owner, kind, flush, ttl, data):
      return owner, kind, struct.pack("!HHIH", kind, 0x8001 if flush else 1, ttl, len(data)) + data

    # One service's records; goodbyes when `gone`.
    def records(service, gone=False):
      owner, host = instance(service), wire([bytes(l) for l in service["host"]])
      ttl, flush = 0 if gone else service["ttl"], service["flush"]
      made = [record(wire(service["type"].encode().split(b".")), PTR, False,
                     0 if gone else service["ptrTTL"], owner)]
      made.append(record(owner, SRV, flush, ttl, struct.pack("!HHH", 0, 0, service["port"]) + host))
      if service.get("txt") is not None:
        made.append(record(owner, TXT, flush, ttl, bytes(service["txt"])))
      for address in service["addresses"]:
        family, kind = (socket.AF_INET6, AAAA) if ":" in address else (socket.AF_INET, A)
        made.append(record(host, kind, flush, ttl, socket.inet_pton(family, address)))
      names = {"PTR": [PTR], "SRV": [SRV], "A": [A, AAAA]}
      return [r for r in made if not any(r[1] in names[n] for n in service["leftOut"])]

    def send(answers, family, size=SIZE):
      s, group = sockets[family]
      batch, length = [], 12
      for piece in [r[0] + r[2] for r in dict.fromkeys(answers)] + [None]:
        if batch and (piece is None or length + len(piece) > size):
          header = struct.pack("!HHHHHH", 0, 0x8400, 0, len(batch), 0, 0)
          s.sendto(header + b"".join(batch), group)
          batch, length = [], 12
        if piece is not None: batch.append(piece); length += len(piece)

    # The labels of a name in a message, and where it ends.
    def read(data, at):
      labels, end = [], None
      for _ in range(128):
        length = data[at]
        if length >= 0xC0:
          if end is None: end = at + 2
          at = (length & 0x3F) << 8 | data[at + 1]
        elif length == 0: return labels, at + 1 if end is None else end
        else: labels.append(data[at + 1:at + 1 + length]); at += 1 + length
      raise ValueError("a name without end")

    def dotted(labels): return b".".join(labels).decode("latin-1")

    def answer(data, source, family):
      global table
      _, flags, asked, listed, _, _ = struct.unpack("!HHHHHH", data[:12])
      if flags & 0x8000: return
      at, questions, known = 12, [], []
      for _ in range(asked):
        labels, at = read(data, at)
        questions.append((labels, struct.unpack("!H", data[at:at + 2])[0]))
        at += 4
      for _ in range(listed):
        _, at = read(data, at)
        kind, _, _, length = struct.unpack("!HHIH", data[at:at + 10])
        if kind == PTR: known.append(read(data, at + 10)[0])
        at += 10 + length
      if table is None:
        table = {}
        for made, over in services.values():
          for f in over:
            for r in made: table.setdefault((f, r[0].lower(), r[1]), []).append(r)
      found = []
      for labels, kind in questions:
        if len(heard) < 20000:
          heard.append({"at": time.monotonic() - start, "from": source, "type": kind,
                        "name": dotted(labels), "known": [dotted(k) for k in known]})
        owner = wire(labels).lower()
        for one in [A, PTR, TXT, AAAA, SRV] if kind == ANY else [kind]:
          found += table.get((family, owner, one), [])
      quiet = {wire(k) for k in known}
      found = [r for r in found if not (r[1] == PTR and r[2][10:] in quiet)]
      # With a pointer comes what it points to (RFC 6763 §12.1).
      more = [e for r in found if r[1] == PTR for e in services[r[2][10:]][0]]
      send(found + more, family)

    def obey(order):
      global table, heard
      table, wanted = None, order["services"]
      if order["do"] == "questions":
        told, heard = heard, []
        return json.dumps(told)
      if order["do"] == "goodbye":
        for one in wanted: services.pop(instance(one), None)
        answers = [r for one in wanted for r in records(one, gone=True)
                   if r[1] == PTR or order["answers"]]
        for family in order["over"]: send(answers, family)
        return ""
      step = len(wanted) or 1
      if order["do"] == "flood":
        step, template, wanted = order["perPacket"], wanted[0], []
        for number in range(order["count"]):
          one = dict(template, name=template["name"] + list(b"-%d" % number),
                     port=1 + (template["port"] + number) % 65535)
          if order["ownHosts"]:
            one["host"] = [template["host"][0] + list(b"-%d" % number)] + template["host"][1:]
          wanted.append(one)
      for first in range(0, len(wanted), step):
        made = {instance(one): records(one) for one in wanted[first:first + step]}
        if order["answers"]: services.update({k: (v, order["over"]) for k, v in made.items()})
        flat = [r for one in made.values() for r in one]
        for family in order["over"]: send(flat, family, LONGEST if order["count"] else SIZE)
        if order["count"]: time.sleep(0.002)
      return ""

    print("ready", flush=True)
    rest = b""
    while True:
      for ready in select.select([0] + [s for s, _ in sockets.values()], [], [])[0]:
        if ready == 0:
          piece = os.read(0, 1 << 16)
          if not piece: sys.exit()
          *lines, rest = (rest + piece).split(b"\n")
          for line in lines:
            order = json.loads(line)
            print("done", order["number"], obey(order), flush=True)
        else:
          data, source = ready.recvfrom(1 << 16)
          try: answer(data, source[0], "ipv6" if ready.family == socket.AF_INET6 else "ipv4")
          except (IndexError, ValueError, struct.error): pass
    """#
}
