import Dispatch
import DiscoveryCore
import Glibc
import Synchronization

/// Looks host names up as every program on this machine does: getaddrinfo(3).
package enum HostResolver {
  /// A look-up may block its thread for as long as the resolver takes, so they have queues of their
  /// own: a few, since each name that is not answered holds a thread.
  private static let queues = (0..<8).map { DispatchQueue(label: "resolver \($0)") }
  private static let turn = Atomic(0)

  /// All addresses of `hostname`, in the resolver's order; none when there are none or it fails, and
  /// at once none when the task is cancelled.
  package static func addresses(of hostname: String) async -> [Address] {
    let queue = queues[turn.add(1, ordering: .relaxed).oldValue % queues.count]
    let answer = Answer()
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        answer.wait(continuation)
        queue.async { answer.give(answer.isGiven ? [] : blockingAddresses(of: hostname)) }
      }
    } onCancel: {
      answer.give([])
    }
  }

  /// The first of an answer and a cancellation.
  private final class Answer: Sendable {
    private struct State {
      var continuation: CheckedContinuation<[Address], Never>?
      var given: [Address]?
    }

    private let state = Mutex(State())

    var isGiven: Bool { state.withLock { $0.given != nil } }

    func wait(_ continuation: CheckedContinuation<[Address], Never>) {
      let given = state.withLock { state -> [Address]? in
        if state.given == nil { state.continuation = continuation }
        return state.given
      }
      if let given { continuation.resume(returning: given) }
    }

    func give(_ addresses: [Address]) {
      let waiting = state.withLock { state -> CheckedContinuation<[Address], Never>? in
        guard state.given == nil else { return nil }
        state.given = addresses
        defer { state.continuation = nil }
        return state.continuation
      }
      waiting?.resume(returning: addresses)
    }
  }

  private static func blockingAddresses(of hostname: String) -> [Address] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(hostname, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var addresses: [Address] = []
    var next = list
    while let info = next?.pointee {
      if let address = address(info), !addresses.contains(address) { addresses.append(address) }
      next = info.ai_next
    }
    return addresses
  }

  private static func address(_ info: addrinfo) -> Address? {
    guard let socketAddress = info.ai_addr else { return nil }
    let raw = UnsafeRawPointer(socketAddress)
    switch info.ai_family {
    case AF_INET:
      let inet = raw.loadUnaligned(as: sockaddr_in.self)
      return withUnsafeBytes(of: inet.sin_addr) { Address(networkBytes: Array($0)) }
    case AF_INET6:
      let inet = raw.loadUnaligned(as: sockaddr_in6.self)
      let zone = inet.sin6_scope_id == 0 ? nil : interfaceName(inet.sin6_scope_id)
      return withUnsafeBytes(of: inet.sin6_addr) { Address(networkBytes: Array($0), zone: zone) }
    default:
      return nil
    }
  }

  private static func interfaceName(_ index: UInt32) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
    guard if_indextoname(index, &buffer) != nil else { return nil }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
