import ConsoleBridge
import DiscoveryCore
import Glibc

/// The tool as a whole: finds the command, runs it, and turns every error into words and a status.
package enum Tool {
  /// Options that may stand before a command.
  package static let options: [CommandOption] = [.help, .version]

  /// Runs `arguments`, which begin after the program's name.
  package static func run(_ arguments: [String], console: Console) async -> ExitStatus {
    do {
      return try await dispatch(arguments, console: console)
    } catch is OutputClosed {
      // Whoever read our output has what they wanted, as in `| head`.
      return .done
    } catch let failure as CommandFailure {
      console.complain(failure.message)
      return failure.status
    } catch {
      console.complain("\(error)")
      return .failed
    }
  }

  private static func dispatch(_ arguments: [String], console: Console) async throws -> ExitStatus {
    let scan = Getopt.scan(arguments, options: options.map(\.forGetopt), stopsAtOperand: true)
    switch scan.given.first.map({ options[$0.option] }) {
    case .help?:
      try console.write(HelpText.tool(styled: console.terminal.hasColor))
      return .done
    case .version?:
      try console.write("\(Product.name) \(Product.version)\n")
      return .done
    default:
      break
    }
    if let problem = scan.problem {
      return console.refuse(misplaced(problem) ?? problem.usageError(options), command: nil)
    }
    guard let name = scan.operands.first else {
      console.writeError(HelpText.tool(styled: false))
      return .wrongUsage
    }
    guard let command = CommandList.named(name) else {
      return console.refuse(unknownCommand(name), command: nil)
    }
    return try await run(command, Array(scan.operands.dropFirst()), console: console)
  }

  private static func run(
    _ command: Command, _ arguments: [String], console: Console
  ) async throws -> ExitStatus {
    let parsed: ParsedArguments
    do {
      parsed = try ParsedArguments(arguments, for: command)
    } catch {
      return console.refuse(error, command: command)
    }
    guard !parsed.has(.help) else {
      try console.write(HelpText.command(command, styled: console.terminal.hasColor))
      return .done
    }
    do {
      return try await command.run(parsed, console)
    } catch let error as UsageError {
      return console.refuse(error, command: command)
    }
  }

  /// The error for a name that no command has.
  package static func unknownCommand(_ name: String) -> UsageError {
    UsageError(
      "unknown command \"\(name)\"",
      suggestion: NearestName.of(name, among: CommandList.all.map(\.name)))
  }

  /// The error for a command's option that stands before the command.
  private static func misplaced(_ problem: Getopt.Problem) -> UsageError? {
    guard case .unknown(let typed) = problem,
      CommandList.all.contains(where: { command in
        command.options.contains { "--\($0.name)" == typed }
      })
    else { return nil }
    return UsageError("option \"\(typed)\" must stand after the command")
  }
}

extension Console {
  /// Says what is wrong with the arguments, and where help is.
  fileprivate func refuse(_ error: UsageError, command: Command?) -> ExitStatus {
    let subject = command.map { "\($0.name): " } ?? ""
    let hint = error.suggestion.map { "; did you mean \"\($0)\"?" } ?? ""
    complain(subject + error.message + hint)
    writeError(HelpText.usage(command))
    let name = command.map { " \($0.name)" } ?? ""
    writeError("Try '\(Product.name)\(name) --help' for more.\n")
    return .wrongUsage
  }
}
