import Foundation
import Synchronization

/// What went wrong in the lab, in words for the one who reads the test's report.
struct LabError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// A child process and this process's ends of its three pipes.
///
/// posix_spawn by hand, since the lives of the lab's namespaces hang on their input pipe: no other
/// child may hold its end open. Children get their three pipes and nothing else; one at a time is
/// started, and what a child of another test could catch is made close-on-exec at once.
struct ChildProcess: Sendable {
  let pid: pid_t
  let input: Int32
  let output: Int32
  let errors: Int32

  private static let oneAtATime = Mutex(())

  /// Starts `arguments` with exactly `environment`; the program is an absolute path.
  init(_ arguments: [String], environment: [String: String]) throws {
    self = try Self.oneAtATime.withLock { _ in
      try Self(starting: arguments, environment: environment)
    }
  }

  private init(starting arguments: [String], environment: [String: String]) throws {
    let (theirInput, input) = try Self.pipe()
    let (output, theirOutput) = try Self.pipe()
    let (errors, theirErrors) = try Self.pipe()
    defer {
      for descriptor in [theirInput, theirOutput, theirErrors] { close(descriptor) }
    }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, theirInput, 0)
    posix_spawn_file_actions_adddup2(&actions, theirOutput, 1)
    posix_spawn_file_actions_adddup2(&actions, theirErrors, 2)
    // What other tests have open in this process is theirs: their pipes end with their own children.
    // glibc passes over those that are closed by now.
    for open in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
      guard let descriptor = Int32(open), descriptor > 2 else { continue }
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }

    // A child begins with no signal blocked or ignored, whatever the test runner did to its own.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

    let argv = arguments.map { strdup($0) } + [nil]
    let envp = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var pid: pid_t = 0
    let status = posix_spawn(&pid, arguments[0], &actions, &attributes, argv, envp)
    guard status == 0 else {
      for descriptor in [input, output, errors] { close(descriptor) }
      throw LabError("\(arguments[0]): \(String(cString: strerror(status)))")
    }
    (self.pid, self.input, self.output, self.errors) = (pid, input, output, errors)
  }

  private static func pipe() throws -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else {
      throw LabError("pipe: \(String(cString: strerror(errno)))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }
}
