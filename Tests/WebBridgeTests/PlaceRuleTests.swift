import DiscoveryCore
import Testing
import WebBridge

struct PlaceRuleTests {
  /// Connections in the order in which they came, by the letter of their peer: "a3" waits for a request
  /// since second 3, "a-" is being served.
  struct Case: CustomTestStringConvertible, Sendable {
    let holders: String
    let newcomer: Character
    /// Its place among them; nil: the newcomer is refused.
    let victim: Int?

    init(_ holders: String, _ newcomer: Character, _ victim: Int?) {
      self.holders = holders
      self.newcomer = newcomer
      self.victim = victim
    }

    var testDescription: String { "\(holders) + \(newcomer)" }
  }

  @Test(
    "a newcomer gets the place of whoever has the most, which is not missed if it can be helped",
    arguments: [
      // The one that waits longest gives way, be it one's own.
      Case("a3 a1 a2", "a", 1), Case("a3 a1 a2", "b", 1), Case("a3 b1 a2", "c", 2),
      Case("a3 b1 a2", "b", 2),
      // Of somebody who has no more than the newcomer nothing is taken.
      Case("b1 b2 a3 a4", "a", 2), Case("b- b- a3 a4", "b", nil), Case("a1", "a", 0),
      Case("b1 a-", "a", nil), Case("b1 a-", "c", 0),
      // One that waits goes before one that is served, even of somebody who has more.
      Case("a- a- a- b1 b2", "c", 3),
      // Of those that are served, the newest of whoever has at least two more than the newcomer.
      Case("a- a- a- b-", "c", 2), Case("a- a- a- b-", "b", 2), Case("a- a- a- b- b-", "b", nil),
      Case("a- a- a-", "a", nil), Case("a- b- c-", "d", nil), Case("a- a- b-", "c", 1),
      Case("", "a", nil),
    ])
  func victims(_ test: Case) {
    let words = test.holders.split(separator: " ")
    let counts = Dictionary(words.map { ($0.first, 1) }) { $0 + $1 }
    let holders = words.enumerated().map { index, word in
      PlaceRule.Holder(
        connections: counts[word.first] ?? 0, isOwn: word.first == test.newcomer,
        waiting: Int64(word.dropFirst()).map { Uptime(nanoseconds: $0 * 1_000_000_000) },
        number: UInt64(index))
    }
    let victim = PlaceRule.victim(
      among: holders, forOneWith: counts[test.newcomer, default: 0])
    #expect(victim == test.victim.map(UInt64.init))
    // In whatever order they are looked at.
    let backwards = PlaceRule.victim(
      among: holders.reversed(), forOneWith: counts[test.newcomer, default: 0])
    #expect(backwards == victim)
  }

  @Test(
    "one machine is one peer, whichever of its addresses it uses",
    arguments: [
      ("10.0.0.5", "10.0.0.5", true), ("10.0.0.5", "10.0.0.6", false),
      ("2001:db8::1", "2001:db8::ffff:2", true), ("2001:db8::1", "2001:db8:0:1::1", false),
      ("fe80::1%eth0", "fe80::2%eth0", false), ("fe80::1%eth0", "fe80::1%eth1", false),
    ])
  func peers(left: String, right: String, isSame: Bool) throws {
    let (left, right) = (try #require(Address(left)), try #require(Address(right)))
    #expect((Peer(at: left) == Peer(at: right)) == isSame)
  }
}
