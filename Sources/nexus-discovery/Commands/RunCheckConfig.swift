import DiscoveryCore

/// Prints every problem of a configuration file, as compilers do; warnings alone are no failure.
func runCheckConfig(_ options: CheckConfigOptions, _ console: Console) throws -> ExitStatus {
  let path = ConfigPath(named: options.path, environment: console.environment)
  let result = path.load()
  // What the daemon's environment will hold is not known here.
  for problem in result.problems + result.backendAccess(environment: nil).problems {
    console.writeError(PlainText.cleaned(problem.description) + "\n")
  }
  guard result.errors.isEmpty else { return .badConfiguration }
  let verdict = path.exists ? "OK" : "there is no such file: the defaults hold"
  try console.write("\(path.path): \(verdict)\n")
  return .done
}
