import CNetlink
import DiscoveryCore
import EventLoop
import Glibc

/// Tells of this machine's own network: what it is, and each time it changes.
package enum NetworkMonitor {
  /// Reads the network as it is now.
  package typealias Reader = @Sendable () throws(NetworkFailure) -> LocalNetwork

  /// The network now, then again whenever interfaces or addresses came, went or changed.
  ///
  /// Only the newest unread value waits. The kernel's notices wake it (rtnetlink(7)), nothing else
  /// does. The stream ends only when its reader does, or when the notices fail for good.
  package static func networks() throws(NetworkFailure) -> AsyncStream<LocalNetwork> {
    try networks(noticedOn: openNotices(), settling: .milliseconds(50)) {
      () throws(NetworkFailure) in try LocalNetwork.current()
    }
  }

  /// The same with its parts given: `descriptor`, a socket that is closed when the stream ends, has
  /// something to receive when `read` may have something new to say; changes within `settling` of
  /// the first are read together.
  package static func networks(
    noticedOn descriptor: Int32, settling: Duration, reading read: @escaping Reader
  ) throws(NetworkFailure) -> AsyncStream<LocalNetwork> {
    let first: LocalNetwork
    do {
      // After the notices were asked for, so that no change falls between the two.
      first = try read()
    } catch {
      close(descriptor)
      throw error
    }
    let (stream, continuation) = AsyncStream.makeStream(
      of: LocalNetwork.self, bufferingPolicy: .bufferingNewest(1))
    let listener = NetworkListener(
      descriptor: descriptor, settling: settling, first: first, read: read,
      continuation: continuation)
    try listener.begin()
    return stream
  }

  /// A socket on which the kernel says that links or addresses changed.
  private static func openNotices() throws(NetworkFailure) -> Int32 {
    let kind = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_NETLINK, kind, NETLINK_ROUTE)
    guard descriptor >= 0 else { throw NetworkFailure(operation: "socket(AF_NETLINK)") }
    // A burst that does not fit the socket is cut short instead of reported (netlink(7)): what came
    // before the cut is notice enough, and an error with nothing to read would make Dispatch spin.
    var yes: Int32 = 1
    setsockopt(
      descriptor, SOL_NETLINK, NETLINK_NO_ENOBUFS, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_nl()
    address.nl_family = sa_family_t(AF_NETLINK)
    address.nl_groups = UInt32(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)
    let bound = withUnsafeBytes(of: address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) {
        bind(descriptor, $0.baseAddress, socklen_t(bytes.count))
      }
    }
    guard bound == 0 else {
      let failure = NetworkFailure(operation: "bind(AF_NETLINK)")
      close(descriptor)
      throw failure
    }
    return descriptor
  }
}
