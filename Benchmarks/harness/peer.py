"""Runs on a host of the lab: a neighbour that announces services with python-zeroconf.

  peer.py ADDRESS crowd COUNT         announces COUNT services and answers for them
  peer.py ADDRESS crowd COUNT serve   the same, with an Ollama stand-in behind each
  peer.py ADDRESS announcer           announces each name that it reads, in one packet, and prints when

Each service has a port of its own, from 20000 on: on the same one it would be the same server."""

import asyncio
import resource
import socket
import sys
import time

from zeroconf import DNSAddress, DNSOutgoing, DNSPointer, DNSService, DNSText, IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

TYPE = "_ollama._tcp.local."
TXT = {"type": "ollama", "version": "0.5.7", "models": "llama3:8b"}


async def crowd(address, count, serve):
    if serve:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        for port in range(20000, 20000 + count):
            await asyncio.start_server(answer, None, port)
    peer = AsyncZeroconf(interfaces=[address], ip_version=IPVersion.V4Only)
    services = [
        ServiceInfo(
            TYPE, f"node-{number}.{TYPE}", port=20000 + number, properties=TXT,
            server="peer.local.", addresses=[socket.inet_aton(address)])
        for number in range(count)]
    sent = await asyncio.gather(*[
        peer.async_register_service(one, cooperating_responders=True) for one in services])
    await asyncio.gather(*sent)
    print("announced", flush=True)
    await asyncio.Event().wait()


ANSWERS = {
    "/": "Ollama is running",
    "/api/version": '{"version":"0.5.7"}',
    "/api/tags": '{"models":[{"name":"llama3:8b","model":"llama3:8b","size":1,"details":{}}]}',
}


async def answer(reader, writer):
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            text = ANSWERS.get(head.split(b" ", 2)[1].decode())
            status = "404 Not Found" if text is None else "200 OK"
            text = text or "no such page"
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(text)}\r\n\r\n{text}".encode())
            await writer.drain()
    except (OSError, EOFError):
        pass
    finally:
        writer.close()


def announcer(address):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # Whatever comes from another port than this is no announcement (RFC 6762 §6).
    out.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    out.bind((address, 5353))
    out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    print("ready", flush=True)
    for port, line in enumerate(sys.stdin, 20000):
        name = f"{line.strip()}.{TYPE}"
        unique, shared = 0x8001, 1
        packet = DNSOutgoing(0x8400)
        txt = ServiceInfo(TYPE, name, properties=TXT).text
        for record in (
            DNSAddress("peer.local.", 1, unique, 120, socket.inet_aton(address)),
            DNSText(name, 16, unique, 4500, txt),
            DNSService(name, 33, unique, 120, 0, 0, port, "peer.local."),
            DNSPointer(TYPE, 12, shared, 4500, name),
        ):
            packet.add_answer_at_time(record, 0)
        data = packet.packets()[0]
        moment = time.monotonic()
        out.sendto(data, ("224.0.0.251", 5353))
        print(moment, flush=True)


if sys.argv[2] == "announcer":
    announcer(sys.argv[1])
else:
    asyncio.run(crowd(sys.argv[1], int(sys.argv[3]), "serve" in sys.argv))
