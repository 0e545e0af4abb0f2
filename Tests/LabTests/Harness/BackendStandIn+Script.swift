extension BackendStandIn {
  static let script = answers + service

  /// What each kind of server answers: path to body. LocalAI, koboldcpp and llama.cpp answer Ollama's
  /// paths as well as it does itself.
  private static let answers = #"""
    def openai(models, owner, **more):
      one = lambda name: dict({"id": name, "object": "model", "created": 1}, **more)
      owned = {"owned_by": owner} if owner else {}
      return {"object": "list", "data": [dict(one(name), **owned) for name in models]}

    def ollama(models, version):
      tags = [{"name": name, "model": name, "size": 1, "details": {}} for name in models]
      return {"/": "Ollama is running", "/api/version": {"version": version},
              "/api/tags": {"models": tags}}

    def answers(kind, models):
      listed = lambda owner, **more: {"/v1/models": openai(models, owner, **more)}
      if kind == "localai":
        return ollama(models, "0.9.0") | listed(None) | {
          "/.well-known/localai.json": {
            "version": "v3.1.0", "endpoints": {"models": "/v1/models"}, "capabilities": {}},
          "/version": {"version": "v3.1.0"}, "/readyz": "OK"}
      if kind == "koboldcpp":
        return ollama(models, "0.7.0") | listed("koboldcpp") | {
          "/api/extra/version": {"result": "KoboldCpp", "version": "1.92.1", "protected": False},
          "/props": {"chat_template": "", "total_slots": 1}}
      if kind == "lmstudio":
        return listed("organization_owner") | {
          "/lmstudio-greeting": {"lmstudio": True},
          "/api/v0/models": {"object": "list", "data": [
            {"id": name, "object": "model", "type": "llm", "state": "loaded"} for name in models]}}
      if kind == "exo":
        every = openai(models + ["not:here"], "exo")
        return {"/node_id": "\"12D3KooWQy6mMk1\"", "/state": {}, "/": "<!doctype html>",
                "/v1/models": every, "/v1/models?status=downloaded": openai(models, "exo")}
      if kind == "llamacpp":
        both = openai(models, "llamacpp") | ollama(models, "")["/api/tags"]
        return ollama(models, "0.0.0") | {
          "/props": {"build_info": "b4321-0abcdef", "total_slots": 1, "chat_template": ""},
          "/health": {"status": "ok"}, "/v1/models": both}
      if kind == "sglang":
        return listed("sglang", root="x") | {
          "/get_model_info": {"model_path": "/models/x", "is_generation": True}}
      if kind == "vllm":
        return listed("vllm", max_model_len=4096) | {"/version": {"version": "0.9.1"}, "/health": ""}
      if kind == "ollama": return ollama(models, "0.5.7") | listed("library")
      if kind == "tabbyapi":
        return listed("tabbyAPI") | {
          "/v1/model": {"id": models[0], "object": "model", "owned_by": "tabbyAPI"}}
      return listed(None)

    """#

  private static let service = #"""
    import asyncio, json, os, resource, ssl, sys, time

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, 1 << 16), limit))
    servers = {}

    class Server:
      def __init__(self, what):
        self.port, self.kind, self.key = what["port"], what["kind"], what.get("key")
        self.answers = answers(self.kind, what["models"])
        self.behaviour = what.get("behaviour") or {"what": "well"}
        self.tls = None
        if what.get("certificate"):
          self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
          self.tls.load_cert_chain(what["certificate"])
        self.writers, self.listener = {}, None
        self.reset()

      def reset(self):
        self.requests, self.keys, self.odd = {}, set(), set()
        self.connections, self.most_open = 0, len(self.writers)
        self.last, self.pause = time.monotonic(), 0
        self.longest, self.sent = 0, 0

      async def open(self):
        self.listener = await asyncio.start_server(
          self.serve, None, self.port, ssl=self.tls, backlog=512)

      def die(self):
        self.listener.close()
        for writer in list(self.writers): writer.transport.abort()

      def report(self):
        now = time.monotonic()
        pause = max(self.pause, now - self.last)
        lasting = [now - since for since in self.writers.values()]
        return {"requests": self.requests, "connections": self.connections,
                "open": len(self.writers), "mostOpen": self.most_open, "longestPause": pause,
                "keys": sorted(self.keys), "odd": sorted(self.odd),
                "longestConnection": max(lasting + [self.longest]), "mostSent": self.sent}

      async def serve(self, reader, writer):
        self.connections += 1
        self.writers[writer], writer.taken = time.monotonic(), 0
        self.most_open = max(self.most_open, len(self.writers))
        try:
          while await self.answer(reader, writer): pass
        except (OSError, EOFError, asyncio.LimitOverrunError): pass
        finally:
          self.longest = max(self.longest, time.monotonic() - self.writers.pop(writer))
          writer.transport.abort() if self.behaviour["what"] != "well" else writer.close()

      # Whether another request may follow on this connection.
      async def answer(self, reader, writer):
        if self.behaviour["what"] == "raw":
          await self.write(writer, self.behaviour["text"] * self.behaviour["times"])
          return await reader.read() and False
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        now = time.monotonic()
        self.pause, self.last = max(self.pause, now - self.last), now
        self.requests[target] = self.requests.get(target, 0) + 1
        for line in head[1:]:
          if line.lower().startswith("authorization: "): self.keys.add(line[15:])
        self.odd |= {name for name in ["cookie", "content-length", "transfer-encoding"]
                     if name in fields} | ({method} - {"GET"})
        do, text = self.behaviour["what"], self.behaviour.get("text", "")
        if do == "close": return False
        if do == "hang": return await reader.read() and False
        if do == "endless":
          await self.head(writer, 200, None)
          while True: await self.write(writer, "[" + " " * 65535)
        if do == "endless head":
          await self.write(writer, "HTTP/1.1 200 OK\r\n")
          while True: await self.write(writer, "X-More: and more\r\n" * 64)
        if do in ["drip", "drip head"]:
          if do == "drip": await self.head(writer, 200, 1000)
          for byte in "HTTP/1.1 200 OK\r\nX-Slow: " + "a" * 1000:
            await self.write(writer, byte)
            await asyncio.sleep(1)
        if do == "redirect":
          await self.head(writer, self.behaviour["code"], 0, "Location: " + text + "\r\n")
        elif do == "status":
          body = text * self.behaviour["times"]
          await self.head(writer, self.behaviour["code"], len(body))
          await self.write(writer, body)
        else:
          path = target.split("?")[0]
          found = self.answers.get(target, self.answers.get(path))
          is_known = fields.get("authorization", "") == "bearer %s" % (self.key or "").lower()
          if self.key and found is not None and path.startswith("/v1") and not is_known:
            await self.body(writer, 401, {"error": {"message": "Unauthorized"}})
            return fields.get("connection") != "close"
          # LM Studio has no 404.
          missing = 200 if self.kind == "lmstudio" else 404
          await self.body(writer, missing if found is None else 200,
                          {"error": "Unexpected endpoint or method. (GET %s)" % target}
                          if found is None else found)
        return fields.get("connection") != "close"

      async def body(self, writer, code, content):
        text = content if isinstance(content, str) else json.dumps(content)
        await self.head(writer, code, len(text))
        await self.write(writer, text)

      async def head(self, writer, code, length, more=""):
        size = "" if length is None else "Content-Length: %d\r\n" % length
        kind = "Content-Type: application/json\r\n"
        await self.write(writer, "HTTP/1.1 %d Said\r\n" % code + kind + size + more + "\r\n")

      async def write(self, writer, text):
        writer.write(text.encode())
        writer.taken += len(text)
        await writer.drain()
        self.sent = max(self.sent, writer.taken - writer.transport.get_write_buffer_size())

    async def obey(order):
      chosen = [servers[port] for port in order["ports"] or servers]
      if order["do"] == "change":
        for what in order["servers"]:
          servers[what["port"]].answers = answers(what["kind"], what["models"])
      elif order["do"] == "serve":
        for what in order["servers"]:
          servers[what["port"]] = Server(what)
          await servers[what["port"]].open()
      elif order["do"] == "behave":
        for one in chosen: one.behaviour = order["behaviour"]
      elif order["do"] == "die":
        for one in chosen: one.die()
      elif order["do"] == "return":
        for one in chosen: await one.open()
      elif order["do"] == "reset":
        for one in servers.values(): one.reset()
      else: return json.dumps({str(port): one.report() for port, one in servers.items()})
      return ""

    async def main():
      lines = asyncio.StreamReader(limit=1 << 22)
      await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
      while line := await lines.readline():
        order = json.loads(line)
        print("done", order["number"], await obey(order), flush=True)

    asyncio.run(main())
    """#
}
