import Foundation

// What systemd does on a real machine: the bus has avahi-daemon started when somebody asks for it.
extension LabHost {
  /// What the bus runs to have avahi-daemon.
  enum Starter: String, Sendable {
    /// avahi-daemon comes up and crashes before a second has passed.
    case crashing = """
      avahi-daemon --no-drop-root --no-chroot --no-rlimits &
      daemon=$!
      sleep 0.7
      kill -KILL $daemon
      wait
      """
    /// It does not come up at all.
    case failing = "exit 1"
  }

  /// A bus that starts avahi-daemon on demand, and notes when it does.
  func startActivatingBus(_ starter: Starter) async throws {
    let configuration = """
      <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
        "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
      <busconfig>
        <listen>unix:path=/run/dbus/system_bus_socket</listen>
        <auth>EXTERNAL</auth>
        <servicedir>/run/dbus/services</servicedir>
        <policy context="default">
          <allow user="*"/> <allow own="*"/> <allow send_destination="*"/>
          <allow receive_sender="*"/>
        </policy>
      </busconfig>
      """
    try await succeed("mkdir", "/run/dbus/services")
    try await write(
      "[D-BUS Service]\nName=org.freedesktop.Avahi\nExec=/bin/sh /run/dbus/start-avahi\n",
      to: "/run/dbus/services/avahi.service")
    try await write(configuration, to: "/run/dbus/bus.conf")
    try await use(starter)
    try await startBus(configuration: "/run/dbus/bus.conf")
  }

  /// Has the bus run another starter from now on.
  func use(_ starter: Starter) async throws {
    // Replaced at once: a shell reads its script line by line.
    try await write(
      "date +%s.%N >> /run/activations\n\(starter.rawValue)", to: "/run/dbus/start-avahi.new")
    try await succeed("mv", "/run/dbus/start-avahi.new", "/run/dbus/start-avahi")
  }

  /// When avahi-daemon was started on demand, in seconds.
  func activations() async throws -> [Double] {
    try await run(["cat", "/run/activations"]).output.split(separator: "\n").compactMap {
      Double($0)
    }
  }
}
