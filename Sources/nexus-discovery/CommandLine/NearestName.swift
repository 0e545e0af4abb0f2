/// "Did you mean": the known name that a mistyped one is closest to.
package enum NearestName {
  /// The name among `names` with the fewest slips of the finger from `text`, one slip allowed for
  /// each three letters; nil when none is near.
  package static func of(_ text: String, among names: [String]) -> String? {
    let typed = Array(text.lowercased())
    let allowed = max(1, typed.count / 3)
    let near = names.map { (name: $0, slips: slips(typed, Array($0.lowercased()))) }
      .min { $0.slips < $1.slips }
    guard let near, near.slips <= allowed else {
      return names.first { typed.count >= 3 && $0.lowercased().hasPrefix(String(typed)) }
    }
    return near.name
  }

  /// The edit distance where swapping two neighbours is one slip (optimal string alignment).
  private static func slips(_ left: [Character], _ right: [Character]) -> Int {
    guard abs(left.count - right.count) <= 8, !left.isEmpty, !right.isEmpty else {
      return max(left.count, right.count)
    }
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in 1...left.count {
      var current = [row]
      for column in 1...right.count {
        let isSame = left[row - 1] == right[column - 1]
        var best = min(
          last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
        if row > 1, column > 1, left[row - 1] == right[column - 2],
          left[row - 2] == right[column - 1]
        {
          best = min(best, beforeLast[column - 2] + 1)
        }
        current.append(best)
      }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }
}
