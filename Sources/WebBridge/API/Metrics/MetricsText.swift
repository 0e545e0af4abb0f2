import DiscoveryCore

/// Metrics in Prometheus' text format, version 0.0.4.
package struct MetricsText {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package enum Kind: String {
    case counter, gauge, histogram
  }

  /// Names and values, in the order in which they are written.
  package typealias Labels = KeyValuePairs<String, String>

  /// The samples of one metric.
  package struct Family {
    fileprivate let name: String
    fileprivate var text: String

    /// Adds a sample, whose labels no other of the family has.
    package mutating func add(_ value: Int, _ labels: Labels = [:]) {
      add(text: "\(value)", labels)
    }

    package mutating func add(_ value: UInt64, _ labels: Labels = [:]) {
      add(text: "\(value)", labels)
    }

    package mutating func add(_ value: Double, _ labels: Labels = [:]) {
      add(text: MetricsText.number(value), labels)
    }

    fileprivate mutating func add(text value: String, suffix: String = "", _ labels: Labels) {
      text += name
      text += suffix
      if !labels.isEmpty {
        let parts = labels.map { "\($0)=\"\(MetricsText.escaped($1, quotes: true))\"" }
        text += "{\(parts.joined(separator: ","))}"
      }
      text += " \(value)\n"
    }
  }

  private var text = ""

  package init() {}

  package var bytes: [UInt8] { Array(text.utf8) }

  /// Appends a metric: what it is, then the samples that `fill` adds.
  package mutating func add(
    _ name: String, _ kind: Kind, help: String, _ fill: (inout Family) -> Void
  ) {
    var family = Family(name: name, text: "")
    fill(&family)
    text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n"
    text += "# TYPE \(name) \(kind.rawValue)\n"
    text += family.text
  }

  /// Appends a metric of one sample without labels.
  package mutating func add(_ name: String, _ kind: Kind, help: String, _ value: Int) {
    add(name, kind, help: help) { $0.add(value) }
  }

  /// Appends a histogram of durations, in seconds.
  package mutating func add(_ name: String, help: String, _ histogram: Histogram) {
    add(name, .histogram, help: help) { family in
      let bounds = histogram.bounds.map { Self.number(Self.seconds($0)) } + ["+Inf"]
      for (bound, count) in zip(bounds, histogram.cumulativeCounts) {
        family.add(text: "\(count)", suffix: "_bucket", ["le": bound])
      }
      family.add(text: Self.number(Self.seconds(histogram.sum)), suffix: "_sum", [:])
      family.add(text: "\(histogram.count)", suffix: "_count", [:])
    }
  }

  /// `duration` in seconds.
  package static func seconds(_ duration: Duration) -> Double {
    Double(duration.wholeNanoseconds) / 1_000_000_000
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int(exactly: value).map { "\($0)" } ?? "\(value)"
  }

  /// Backslashes and line ends stand escaped everywhere, quotation marks in values of labels alone.
  private static func escaped(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
