/// Finds what a misspelt name was meant to be.
package enum NearestName {
  /// The one of `names` that `text` is at most two typing errors away from, or an unfinished form
  /// of, in any case; nil when none is near.
  package static func of(_ text: String, among names: [String]) -> String? {
    let written = Array(text.lowercased().utf8)
    guard (2...64).contains(written.count) else { return nil }
    let limit = min(2, written.count / 2)
    let near = names.map { (name: $0, distance: distance(written, Array($0.lowercased().utf8))) }
      .filter { $0.distance <= limit }
      .min { $0.distance < $1.distance }
    if let near { return near.name }
    guard written.count >= 4 else { return nil }
    return names.first { $0.lowercased().utf8.starts(with: written) }
  }

  /// How many letters must be added, removed, replaced or swapped with their neighbour.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        let isSame = left[row] == right[column]
        var cost = min(
          last[column + 1] + 1, current[column] + 1, last[column] + (isSame ? 0 : 1))
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      beforeLast = last
      last = current
    }
    return last[right.count]
  }
}
