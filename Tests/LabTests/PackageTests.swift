import Foundation
import Testing

extension SystemTests {
  @Suite("The package on hosts under systemd", .timeLimit(.minutes(10)))
  struct Package {
    /// Runs `body` with booted hosts on one LAN, the package's file on each.
    private func withHosts(
      _ names: [String], _ body: ([SystemHost]) async throws -> Void
    ) async throws {
      let package = try #require(SystemHost.package)
      try await SystemHost.removeControlGroups()
      try await withLab { lab in
        let lan = try await lab.lan()
        var bare: [LabHost] = []
        for name in names { bare.append(try await lab.bareHost(name, on: [lan])) }
        let hosts = try await withThrowingTaskGroup(of: SystemHost.self) { group in
          for host in bare { group.addTask { try await SystemHost(booting: host) } }
          return try await group.reduce(into: []) { $0.append($1) }
            .sorted { $0.name < $1.name }
        }
        for host in hosts { try await host.copy(package, to: "/root/nexus-discovery.deb") }
        do {
          try await body(hosts)
        } catch {
          for host in hosts {
            let journal = try? await host.sh(
              "journalctl --no-pager --lines 40 --unit nexus-discovery --unit avahi-daemon")
            print("\(host.name)'s journal:\n\(journal ?? "cannot be read")")
          }
          throw error
        }
      }
    }

    private func inParallel(
      _ hosts: [SystemHost], _ action: @escaping @Sendable (SystemHost) async throws -> Void
    ) async throws {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for host in hosts { group.addTask { try await action(host) } }
        try await group.waitForAll()
      }
    }

    /// The last record of an event that fits, as soon as journald has it: neither the API nor systemctl
    /// waits for that.
    private func record(
      of event: String, _ match: String = "", on host: SystemHost
    ) async throws -> [String: String] {
      try await eventually(within: .seconds(20), "a record of \(event) \(match)") {
        try await host.journal("NEXUS_EVENT=\(event)", match).last
      }
    }

    /// Has a host's avahi-daemon announce a server, as a file in /etc/avahi/services does.
    private func announce(_ service: String, on host: SystemHost) async throws {
      try await host.write(
        """
        <service-group><name>\(service)</name>
        <service><type>_ollama._tcp</type><port>11434</port>
        <txt-record>version=0.5.7</txt-record></service></service-group>
        """, to: "/etc/avahi/services/llm.service")
    }

    @Test("three hosts install it with apt, and each finds what the others announce")
    func discovers() async throws {
      try await withHosts(["alpha", "beta", "gamma"]) { hosts in
        try await inParallel(hosts) { try await $0.install("/root/nexus-discovery.deb") }
        for host in hosts {
          #expect(try await host.property("ActiveState") == "active")
          _ = try await eventually(within: .seconds(40), "mdns to be up") { () -> Bool? in
            try await host.property("StatusText").contains("mdns up") ? true : nil
          }
          #expect(try await host.property("User") == "nexus-discovery")
          let ready = try await host.sh(
            "curl --silent --fail --unix-socket /run/nexus-discovery/api.sock http://localhost/readyz"
          )
          #expect(ready.contains("ready"))
          try await host.sh("systemd-analyze security --threshold=12 --no-pager nexus-discovery")
        }
        for host in hosts { try await announce("llm-on-\(host.name)", on: host) }
        for host in hosts {
          let wanted = Set(hosts.map { "llm-on-\($0.name)" })
          let found = try await eventually(within: .seconds(60), "\(host.name) to list all") {
            let list = try await host.list()
            return wanted.isSubset(of: list.keys) ? list : nil
          }
          for other in hosts where other.name != host.name {
            let backend = try #require(found["llm-on-\(other.name)"])
            let address = await other.outside.address
            #expect(backend.url == "http://\(address):11434")
            #expect(!backend.local)
            let record = try await self.record(
              of: "discovered", "NEXUS_NAME=\(backend.name)", on: host)
            #expect(record["NEXUS_BACKEND_ID"] == backend.id)
            #expect(record["NEXUS_URL"] == backend.url)
            #expect(record["NEXUS_TYPE"] == "ollama")
            #expect(record["NEXUS_SOURCE"] == "mdns")
            #expect(record["NEXUS_INSTANCE"] == "\(backend.name)._ollama._tcp.local")
            #expect(record["PRIORITY"] == "6")
            #expect(record["MESSAGE_ID"] == "22afbe0db2204d61a960e28bce534222")
          }
          #expect(found["llm-on-\(host.name)"]?.local == true)
        }
        let explained = try await hosts[0].sh(
          "journalctl --catalog --unit nexus-discovery --no-pager")
        #expect(explained.contains("Subject: A new LLM server was found: llm-on-beta"))

        try await announcesItself(hosts[1], to: hosts[0])

        // A host that is gone without a goodbye, and one that says it.
        try await hosts[1].cutPower()
        try await hosts[2].sh("systemctl stop avahi-daemon.socket avahi-daemon.service")
        let gone = try await eventually(within: .seconds(60), "gamma's service to disappear") {
          try await hosts[0].list()["llm-on-gamma"]?.expiresAt
        }
        #expect(gone > Date.now)
        #expect(try await hosts[0].list()["llm-on-beta"]?.expiresAt == nil)
      }
    }

    /// The service announces a server of its own machine, from within its sandbox, until it is stopped.
    private func announcesItself(_ host: SystemHost, to other: SystemHost) async throws {
      try await host.sh(
        """
        systemd-run --quiet --unit node systemd-socket-activate --listen 7000 --accept /bin/cat
        cat >>/etc/nexus/nexus.toml <<END
        [[announce.services]]
        name = "node on %h"
        type = "_lmserv._tcp"
        port = 7000
        txt = { info = "a cat" }
        END
        systemctl reload nexus-discovery
        """)
      let name = "node on \(host.name)"
      let node = try await eventually(within: .seconds(60), "\(other.name) to list \(name)") {
        try await other.list()[name]
      }
      let address = await host.outside.address
      #expect(node.url == "http://\(address):7000")
      #expect(node.info == "a cat")
      let record = try await self.record(of: "announced", "'NEXUS_NAME=\(name)'", on: host)
      #expect(record["PRIORITY"] == "6")
      try await host.sh("systemctl stop nexus-discovery")
      _ = try await eventually(within: .seconds(20), "its goodbye") {
        try await other.list()[name]?.expiresAt
      }
      _ = try await self.record(of: "withdrawn", "'NEXUS_NAME=\(name)'", on: host)
      try await host.sh("systemctl start nexus-discovery")
    }

    @Test("it reloads, survives kill -9, a stopped registry and Avahi's restart, and is upgraded")
    func survives() async throws {
      try await withHosts(["alpha"]) { hosts in
        let host = hosts[0]
        try await host.install("/root/nexus-discovery.deb")
        try await announce("llm", on: host)
        let id = try await eventually(within: .seconds(60), "the service") {
          try await host.list()["llm"]?.id
        }
        try await runPackageTest(on: host)
        try await reload(host)
        try await mayBeChangedByItsOwn(host)
        try await killAndStall(host, id)
        try await upgrade(host)
        try await remove(host)
      }
    }

    /// The package's own test, as autopkgtest runs it.
    private func runPackageTest(on host: SystemHost) async throws {
      let test = URL(fileURLWithPath: #filePath)
        .appendingPathComponent("../../../debian/tests/installed").standardized.path
      try await host.copy(test, to: "/root/installed")
      try await host.sh("/root/installed; rm /root/installed")
    }

    private func reload(_ host: SystemHost) async throws {
      let configuration = "/etc/nexus/nexus.toml"
      try await host.sh(
        """
        printf '[[backends]]\\nname = "box"\\nurl = "http://192.0.2.1:9"\\n' >>\(configuration)
        systemctl reload nexus-discovery
        """)
      #expect(try await host.list()["box"] != nil)
      #expect(try await record(of: "config_reloaded", on: host)["PRIORITY"] == "6")
      try await host.sh("cp \(configuration) /root/good; echo 'mistake' >>\(configuration)")
      let refused = try await host.run("systemctl", "reload", "nexus-discovery")
      #expect(refused.status != .status(0))
      _ = try await eventually(within: .seconds(20), "the mistake in the journal") { () -> Bool? in
        let rejected = try await host.journal("NEXUS_EVENT=config_rejected")
        return rejected.last?["MESSAGE"]?.contains("expected '='") == true ? true : nil
      }
      #expect(try await host.property("ActiveState") == "active")
      #expect(try await host.list()["box"] != nil)
      // With a mistake in it, it is not started again and again.
      let restarted = try await host.run("systemctl", "restart", "nexus-discovery")
      #expect(restarted.status != .status(0))
      #expect(try await host.property("ExecMainStatus") == "78")
      #expect(try await host.property("NRestarts") == "0")
      try await host.sh(
        "mv /root/good \(configuration); systemctl reset-failed; systemctl restart nexus-discovery")
    }

    private func mayBeChangedByItsOwn(_ host: SystemHost) async throws {
      try await host.sh("nexus-discovery add http://192.0.2.7:8000 --name by-root")
      let group = try await host.sh("getent group nexus-discovery | cut -d: -f3")
        .trimmingCharacters(in: .newlines)
      let user = "setpriv --reuid=4242 --regid=4242"
      try await host.sh(
        "\(user) --groups=\(group) nexus-discovery add http://192.0.2.8:8000 --name by-member")
      let stranger = try await host.run(
        "sh", "-c", "\(user) --clear-groups nexus-discovery add http://192.0.2.9:8000")
      #expect(stranger.status == .status(1))
      #expect(stranger.errors.contains("group nexus-discovery"), "\(stranger.errors)")
      let list = try await host.sh("\(user) --clear-groups nexus-discovery list --names")
      #expect(list.contains("by-root") && list.contains("by-member"))
    }

    private func killAndStall(_ host: SystemHost, _ id: String) async throws {
      // A crash may cost what is not 5 s old.
      try await eventually(within: .seconds(40), "what was added to be kept") {
        try await host.run("grep", "by-member", "/var/lib/nexus-discovery/state.json").status
          == .status(0) ? () : nil
      }
      let before = try await host.property("MainPID")
      let start = ContinuousClock.now
      try await host.sh("kill -s KILL \(before)")
      _ = try await eventually(within: .seconds(40), "it to be back") { () -> Bool? in
        let list = try? await host.list()
        return list?["llm"]?.id == id && list?["by-root"] != nil ? true : nil
      }
      #expect(ContinuousClock.now - start < .seconds(5))
      #expect(try await host.property("NRestarts") == "1")

      try await host.sh(
        """
        mkdir -p /run/systemd/system/nexus-discovery.service.d
        printf '[Service]\\nWatchdogSec=4s\\n' >/run/systemd/system/nexus-discovery.service.d/quick.conf
        systemctl daemon-reload
        systemctl restart nexus-discovery
        """)
      // A hung Avahi is none of the registry's business.
      let served = try await host.property("MainPID")
      try await host.sh("systemctl kill --signal=STOP --kill-whom=main avahi-daemon")
      try await letTimePass(.seconds(10))
      #expect(try await host.property("MainPID") == served)
      try await host.sh("systemctl kill --signal=CONT --kill-whom=main avahi-daemon")

      try await host.sh("kill -s STOP \(served)")
      _ = try await eventually(within: .seconds(60), "the watchdog") { () -> Bool? in
        // First the count: it is active before the watchdog, too, and while it starts again there is no
        // API to be asked.
        guard try await host.property("NRestarts") == "1" else { return nil }
        return try await host.property("ActiveState") == "active" ? true : nil
      }
      #expect(try await host.property("MainPID") != served)
      try await host.sh("systemctl restart avahi-daemon")
      _ = try await eventually(within: .seconds(60), "the service once more") { () -> Bool? in
        try await host.list()["llm"]?.stale == false ? true : nil
      }
      #expect(try await host.list()["llm"]?.id == id)
    }

    private func upgrade(_ host: SystemHost) async throws {
      try await host.sh(
        """
        cd /root && rm -rf next && dpkg-deb --raw-extract nexus-discovery.deb next
        sed -i 's/^Version: .*/Version: 99.0-1/' next/DEBIAN/control
        echo '# The next version says more.' >>next/etc/nexus/nexus.toml
        dpkg-deb --build next next.deb >/dev/null
        """)
      let before = try await host.property("MainPID")
      try await host.install("/root/next.deb")
      let version = try await host.sh("dpkg-query --show --showformat='${Version}' nexus-discovery")
      #expect(version == "99.0-1")
      #expect(try await host.property("ActiveState") == "active")
      #expect(try await host.property("MainPID") != before)
      #expect(try await host.list()["box"] != nil)
      #expect(try await host.list()["by-root"] != nil)
    }

    private func remove(_ host: SystemHost) async throws {
      try await host.sh("apt-get remove --yes nexus-discovery")
      #expect(
        try await host.run("sh", "-c", "grep -lx nexus-discovery /proc/[0-9]*/comm").status
          != .status(0))
      #expect(try await host.sh("cat /etc/nexus/nexus.toml").contains("box"))
      try await host.sh("apt-get purge --yes nexus-discovery; rm -rf /root/*")
      try await host.sh("rm -rf /run/systemd/system/nexus-discovery.service.d")
      // Its user stays, and apt's own memory of what it fetched is apt's.
      let left = try await host.sh(
        """
        find / -xdev -iname '*nexus*' -not -path '/proc/*' -not -path '/sys/*'
        find /run /etc/nexus -iname '*nexus*' 2>/dev/null || true
        getent passwd nexus-discovery
        """)
      #expect(left.split(separator: "\n").map { $0.prefix(15) } == ["nexus-discovery"], "\(left)")
    }
  }
}
