import Glibc

/// The process's environment.
package enum Environment {
  /// Each variable and its value; of a variable that is there twice, the first.
  package static var all: [String: String] {
    var variables: [String: String] = [:]
    var next = environ
    while let entry = next?.pointee {
      let text = String(cString: entry)
      if let equals = text.firstIndex(of: "="), variables[String(text[..<equals])] == nil {
        variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      next = next?.advanced(by: 1)
    }
    return variables
  }
}
