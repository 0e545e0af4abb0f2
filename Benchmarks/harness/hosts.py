"""Hosts of network namespaces on one machine, each with its own /run, bus and avahi-daemon.

Nothing of it has a name outside of its own namespaces: a host's processes end with their leader, the
leader ends with the pipe to this program, and the kernel takes the network away with them."""

import contextlib
import ctypes
import os
import selectors
import subprocess
import time

libc = ctypes.CDLL(None, use_errno=True)

SETUP = """
mount -t tmpfs tmpfs /run
mkdir -p /run/dbus /run/avahi-daemon
for scope in all default; do
  echo 0 > /proc/sys/net/ipv6/conf/$scope/disable_ipv6
  echo 0 > /proc/sys/net/ipv6/conf/$scope/accept_dad
  echo 0 > /proc/sys/net/ipv6/conf/$scope/accept_ra
done
ip link set lo up
"""

# Debian's own, but for what it may keep: a default one has room for about 1,000 services.
AVAHI = """[server]
use-ipv4=yes
use-ipv6=yes
cache-entries-max=200000
objects-per-client-max=100000
[publish]
publish-workstation=no
publish-hinfo=no
"""


class Program:
    """A running program whose lines of output are kept, each with the moment of its arrival."""

    def __init__(self, arguments, **options):
        self.title = " ".join(str(one) for one in arguments)
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [str(one) for one in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True, **options)
        self.pid = self.process.pid
        os.set_blocking(self.process.stdout.fileno(), False)
        self.lines = []
        self.rest = b""
        self.has_ended = False

    def processor_time(self):
        """Milliseconds, of ten at a time."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def read(self):
        """Takes the output that is there."""
        now = time.monotonic()
        data = self.process.stdout.read(1 << 20)
        if data is None:
            return
        self.has_ended = not data
        *whole, self.rest = (self.rest + data).split(b"\n")
        self.lines += [(now, line.decode(errors="replace")) for line in whole]

    def say(self, text):
        self.process.stdin.write(f"{text}\n".encode())
        self.process.stdin.flush()

    def line(self, containing, within=30):
        """When the first line with that text came, and the line."""
        seen = 0
        found = None

        def is_there():
            nonlocal seen, found
            new, seen = self.lines[seen:], len(self.lines)
            found = found or next((line for line in new if containing in line[1]), None)
            return found or self.has_ended

        read_until(is_there, [self], within, f'"{containing}" of {self.title}')
        if not found:
            raise RuntimeError(f'{self.title} ended without "{containing}": {self.lines[-5:]}')
        return found

    def stop(self, within=30):
        """Ends it as its user would."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(within)
        self.close()

    def close(self):
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()


def read_until(is_done, programs, within, what):
    """Reads what programs say (or sockets, whatever has `read` and a file number) until `is_done`."""
    deadline = time.monotonic() + within
    with selectors.DefaultSelector() as selector:
        for one in programs:
            file = one.process.stdout if isinstance(one, Program) else one
            selector.register(file, selectors.EVENT_READ, one)
        while not is_done():
            left = deadline - time.monotonic()
            if left < 0:
                raise TimeoutError(f"waited {within} s for {what}")
            for key, _ in selector.select(left):
                key.data.read()
                if getattr(key.data, "has_ended", False):
                    selector.unregister(key.fileobj)


def let_rest(programs, within=20):
    """Waits until none of them had anything to do for a second."""
    deadline = time.monotonic() + within
    last = None
    while time.monotonic() < deadline:
        now = [one.processor_time() for one in programs]
        if now == last:
            return
        last = now
        time.sleep(1)


class Host:
    """A host: nothing runs on it yet."""

    KINDS = {"net": 0x40000000, "uts": 0x04000000, "pid_for_children": 0x20000000,
             "mnt": 0x00020000}

    def __init__(self, name):
        self.name = name
        self.address = None
        self.bus = self.avahi = None
        self.programs = []
        # What else is to be cleaned up when it closes.
        self.cleanups = contextlib.ExitStack()
        self.leader = Program(
            ["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--kill-child",
             "--mount-proc", "sh", "-ec", f"hostname {name}\n{SETUP}\necho ready; exec cat"])
        self.leader.line("ready")
        self.namespaces = {
            kind: os.open(f"/proc/{self.leader.pid}/ns/{kind}", os.O_RDONLY)
            for kind in self.KINDS}

    @contextlib.contextmanager
    def entered(self):
        """Who is started meanwhile is started on the host."""
        directory = os.getcwd()
        own = {kind: os.open(f"/proc/self/ns/{kind}", os.O_RDONLY) for kind in self.KINDS}
        try:
            join(self.namespaces)
            yield
        finally:
            join(own)
            for descriptor in own.values():
                os.close(descriptor)
            os.chdir(directory)

    def spawn(self, *arguments, **options):
        with self.entered():
            program = Program(arguments, **options)
        self.programs.append(program)
        return program

    def run(self, *arguments, within=120):
        """Runs a program to its end; its output."""
        with self.entered():
            process = subprocess.Popen(
                [str(one) for one in arguments], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, text=True, start_new_session=True)
        output, _ = process.communicate(timeout=within)
        if process.returncode:
            raise RuntimeError(f"{arguments} on {self.name}: {process.returncode}: {output}")
        return output

    def ip(self, *arguments):
        # From outside its process namespace, so that other namespaces' process ids mean something.
        subprocess.run(
            ["nsenter", f"--net=/proc/{self.leader.pid}/ns/net", "ip", *arguments], check=True)

    def start_avahi(self):
        """Starts a fresh avahi-daemon that knows nothing, in place of the one before; and a bus."""
        if not self.bus:
            self.bus = self.spawn(
                "dbus-daemon", "--system", "--nofork", "--nopidfile", "--print-address=1",
                stderr=subprocess.DEVNULL)
            self.bus.line("unix:path=")
            with self.entered():
                with open("/run/avahi-daemon.conf", "w") as file:
                    file.write(AVAHI)
            # Where clients look for its limits.
            self.run("mount", "--bind", "/run/avahi-daemon.conf", "/etc/avahi/avahi-daemon.conf")
        if self.avahi:
            self.avahi.stop()
        self.avahi = self.spawn(
            "avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits",
            stderr=subprocess.STDOUT)
        self.avahi.line("Server startup complete")

    def close(self):
        self.leader.process.stdin.close()
        # The kernel ends them all with the leader, which is gone when they have been waited for.
        for program in self.programs + [self.leader]:
            program.process.wait(30)
            program.close()
        self.cleanups.close()
        for descriptor in self.namespaces.values():
            os.close(descriptor)


def join(namespaces):
    for kind, descriptor in namespaces.items():
        if libc.setns(descriptor, Host.KINDS[kind]):
            raise OSError(ctypes.get_errno(), f"setns {kind}")


class Lab:
    """Hosts on one LAN, for as long as the `with` lasts."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.plugs = 0

    def __enter__(self):
        self.wires = self.bare("wires")
        self.wires.ip("link", "add", "lan", "type", "bridge", "mcast_snooping", "0")
        self.wires.ip("link", "set", "lan", "up")
        return self

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

    def bare(self, name):
        host = Host(name)
        self.stack.callback(host.close)
        return host

    def host(self, name, avahi=True):
        """A host with one interface, eth0, and its avahi-daemon unless it shall have none."""
        host = self.bare(name)
        self.plugs += 1
        plug, host.address = f"plug{self.plugs}", f"10.77.0.{self.plugs + 1}"
        self.wires.ip(
            "link", "add", plug, "type", "veth", "peer", "name", "eth0", "netns",
            str(host.leader.pid))
        self.wires.ip("link", "set", plug, "master", "lan", "up")
        host.ip("address", "add", f"{host.address}/24", "dev", "eth0")
        host.ip("link", "set", "eth0", "up")
        if avahi:
            host.start_avahi()
        return host
