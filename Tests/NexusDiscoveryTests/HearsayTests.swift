import DiscoveryCore
import DiscoveryTestKit
import Testing

@testable import nexus_discovery

@Suite("What was known before a restart")
struct HearsayTests {
  private let start = FixedClock().now().uptime

  private static let one = Address(ipv4: 0x0A00_0005)
  private static let two = Address(ipv4: 0x0A00_0006)

  private static let known = Backend.example("box") {
    $0.status = .unknown
    $0.isStale = true
    $0.expiresAt = FixedClock.time
    $0.addresses = [one, two]
  }

  private func change(
    _ kind: RegistryChange.Kind, _ change: (inout BackendParts) -> Void = { _ in }
  ) -> RegistryChange {
    let backend = Backend.example("box") {
      $0.addresses = [Self.one, Self.two]
      change(&$0)
    }
    return RegistryChange(revision: 1, kind: kind, backend: backend, previous: Self.known)
  }

  @Test("that it is there again is no news, nor are its addresses one by one")
  func isNoNews() {
    var hearsay = Hearsay([Self.known])
    for addresses in [[Self.two], [Self.one, Self.two]] {
      let change = change(addresses.count == 1 ? .reappeared : .updated) {
        $0.addresses = addresses
      }
      let told = hearsay.told(of: change, at: start)
      #expect(told?.kind == .updated)
      #expect(told?.previous == change.backend)
    }
    #expect(hearsay.count == 0)
    let later = hearsay.told(of: change(.updated), at: start)
    #expect(later == nil)
  }

  @Test("that it is another is an update of what was known")
  func isNews() {
    var hearsay = Hearsay([Self.known])
    let told = hearsay.told(of: change(.reappeared) { $0.port = 1 }, at: start)
    #expect(told?.kind == .updated && told?.previous == Self.known)
    #expect(hearsay.count == 0)
  }

  @Test("that it is gone, or changes after it has settled, is told as of any other")
  func others() {
    var gone = Hearsay([Self.known])
    let removed = gone.told(of: change(.removed), at: start)
    #expect(removed == nil && gone.count == 0)
    var settled = Hearsay([Self.known])
    _ = settled.told(of: change(.reappeared) { $0.addresses = [Self.one] }, at: start)
    #expect(settled.count == 1)
    let later = settled.told(
      of: change(.updated) { $0.addresses = [Self.one] },
      at: start.advanced(by: Hearsay.settling))
    #expect(later == nil && settled.count == 0)
    #expect(Hearsay([.example("present")]).count == 0)
  }
}
