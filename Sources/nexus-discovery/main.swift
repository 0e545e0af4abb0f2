import Glibc

// A closed pipe is an error of write(2) like any other; it ends us quietly.
signal(SIGPIPE, SIG_IGN)

let status = await Tool.run(
  Array(CommandLine.arguments.dropFirst()), console: .standard)
exit(status.rawValue)
