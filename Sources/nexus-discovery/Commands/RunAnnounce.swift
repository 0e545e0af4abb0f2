import AvahiBridge
import DiscoveryCore
import EventLoop
import Glibc

/// Announces a service until SIGINT or SIGTERM, or until it turns out that avahi-daemon is not to.
func runAnnounce(_ options: AnnounceOptions, _ console: Console) async throws -> ExitStatus {
  let signals = SignalWatch.stream(of: [SIGINT, SIGTERM]) { _ in Daemon.endSoon() }
  let lines = AnnounceLines(service: options.service, form: options.json ? .json : .text)
  let publisher = AvahiPublisher()
  publisher.publish([options.service])
  let (ends, end) = AsyncStream.makeStream(
    of: CommandFailure?.self, bufferingPolicy: .bufferingOldest(1))
  let failure = await withTaskGroup(of: Void.self, returning: CommandFailure?.self) { group in
    group.addTask {
      await publisher.run { events in
        for event in events {
          if case .down(let reason) = event, publisher.isForbidden {
            end.yield(CommandFailure("cannot announce anything: \(reason)"))
            if !options.json { continue }
          }
          // That nobody reads it does not take the service off the air.
          try? console.write(lines.line(for: event, now: console.now) + "\n")
        }
      }
    }
    group.addTask {
      for await _ in signals { break }
      end.yield(nil)
    }
    var failure: CommandFailure?
    for await reason in ends {
      failure = reason
      break
    }
    group.cancelAll()
    return failure
  }
  if let failure { throw failure }
  return .done
}
