/// Runs the daemon until it is told to end.
func runServe(_ options: ServeOptions) async -> ExitStatus { notBuilt("serve") }

/// Scans the network once.
func runDiscover(_ options: DiscoverOptions) async -> ExitStatus { notBuilt("discover") }

/// Checks a configuration file.
func runCheckConfig(_ options: CheckConfigOptions) async -> ExitStatus { notBuilt("check-config") }

private func notBuilt(_ name: String) -> ExitStatus {
  Console.standard.complain("\(name): not built yet")
  return .failed
}
