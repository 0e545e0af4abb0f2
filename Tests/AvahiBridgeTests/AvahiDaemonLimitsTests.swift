import AvahiBridge
import Testing

@Suite struct AvahiDaemonLimitsTests {
  @Test("the limits are read from the server section, in any spelling")
  func reads() {
    let limits = AvahiDaemonLimits(
      configuration: """
        # comment
        [publish]
        cache-entries-max=1
        [Server]
        use-ipv4=yes
        #objects-per-client-max=7
         Cache-Entries-Max = 200000
        objects-per-client-max=100000
        """)
    #expect(limits.cacheEntries == 200_000)
    #expect(limits.objectsPerClient == 100_000)
  }

  @Test(
    "what is unclear leaves the default",
    arguments: [
      "", "[server]\ncache-entries-max=", "[server]\ncache-entries-max=-5",
      "[server]\ncache-entries-max=9999999999999999999999", "[server]\ncache-entries-max",
      "cache-entries-max=5", "[server]\ncache-entries-max=many",
    ])
  func defaults(_ text: String) {
    #expect(AvahiDaemonLimits(configuration: text) == AvahiDaemonLimits())
  }

  @Test("a file that is not there leaves the defaults")
  func missing() {
    #expect(AvahiDaemonLimits.configured(at: "/nowhere/avahi-daemon.conf") == AvahiDaemonLimits())
  }
}
