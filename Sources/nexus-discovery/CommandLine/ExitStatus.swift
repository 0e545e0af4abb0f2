/// How the process ends; scripts rely on these numbers.
package enum ExitStatus: Int32, CaseIterable, Sendable {
  case done = 0
  case failed = 1
  case wrongUsage = 2
  case noDaemon = 3
  /// EX_CONFIG of sysexits(3): systemd shows it by name.
  case badConfiguration = 78

  /// What it means, for help.
  package var meaning: String {
    switch self {
    case .done: "done"
    case .failed: "failed; the reason is on standard error"
    case .wrongUsage: "wrong usage"
    case .noDaemon: "no daemon at the socket"
    case .badConfiguration: "bad configuration"
    }
  }
}

/// Why a command failed: what standard error says after "nexus-discovery: ", and the exit status.
package struct CommandFailure: Error, Hashable, Sendable {
  package let status: ExitStatus
  /// One line for people, without a full stop.
  package let message: String

  package init(_ message: String, status: ExitStatus = .failed) {
    self.message = message
    self.status = status
  }
}

/// What is wrong with the arguments; standard error also shows the command's usage.
package struct UsageError: Error, Hashable, Sendable {
  package let message: String
  /// A name that was probably meant, as it would be typed.
  package let suggestion: String?

  package init(_ message: String, suggestion: String? = nil) {
    self.message = message
    self.suggestion = suggestion
  }
}
