import DiscoveryCore

/// Announces an LMServ node (`_lmserv._tcp`) on this machine at `port`, under the host's name.
///
/// Call it once the server listens; it returns when the network has been told. The node is withdrawn
/// when the announcement that is returned is cancelled or released.
///
/// - Parameter info: what others are to know of it, such as its model; at most 250 bytes.
/// - Throws: `AnnouncementError`; `CancellationError`.
public func announceSelf(port: Int, info: String? = nil) async throws -> Announcement {
  try await announceSelf(
    type: "_lmserv._tcp", port: port, txt: info.map { ["info": $0] } ?? [:])
}

/// Announces a service of this machine.
///
/// - Parameters:
///   - name: its instance name, 1 to 63 bytes (RFC 6763 §4.1.1); nil for the host's name, which it then
///     follows. Where another service of the network has that name, Avahi adds a number to it.
///   - type: its service type, as in `_ollama._tcp` (RFC 6763 §7, RFC 6335 §5.1).
///   - port: where it listens, 1 to 65535.
///   - txt: what else to say of it: keys of printable ASCII, each with its value at most 255 bytes long
///     (RFC 6763 §6). Those that others understand are `type`, `version`, `models`, `api_path`, `info`.
/// - Throws: `AnnouncementError`; `CancellationError`.
public func announceSelf(
  name: String? = nil, type: String, port: Int, txt: [String: String] = [:]
) async throws -> Announcement {
  try await Announcement.start(AnnouncedService(name: name, type: type, port: port, txt: txt))
}
