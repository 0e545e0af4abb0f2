import Foundation

/// A real Prometheus on a host of the lab, with one target that it scrapes each second.
struct PrometheusServer: Sendable {
  private static let address = "127.0.0.1:9090"

  let host: LabHost
  let process: LabProcess

  fileprivate static func start(on host: LabHost, scraping target: String) async throws -> Self {
    try await host.write(
      """
      global: {scrape_interval: 1s, scrape_timeout: 1s}
      scrape_configs:
        - job_name: nexus-discovery
          static_configs: [{targets: ["\(target)"]}]
      """, to: "/run/prometheus.yml")
    let process = try host.spawn([
      "prometheus", "--config.file=/run/prometheus.yml", "--storage.tsdb.path=/run/prometheus",
      "--web.listen-address=\(address)",
    ])
    try await process.line(containing: "ready to receive web requests", within: .seconds(90))
    return Self(host: host, process: process)
  }

  /// The value of an expression that has one; nil while it has none.
  func value(_ expression: String) async throws -> Double? {
    struct Answer: Decodable {
      struct Data: Decodable {
        struct Sample: Decodable {
          let value: [Part]
        }
        let result: [Sample]
      }
      let data: Data
    }
    /// The time as a number, and the value as a text.
    struct Part: Decodable {
      let text: String?

      init(from decoder: any Decoder) throws {
        text = try? decoder.singleValueContainer().decode(String.self)
      }
    }
    let encoded =
      expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? expression
    let text = try await host.get("http://\(Self.address)/api/v1/query?query=\(encoded)")
    let samples = try LabJSON.decode(Answer.self, from: text).data.result
    guard samples.count < 2 else { throw LabError("\(expression) has \(samples.count) values") }
    return samples.first?.value.compactMap(\.text).first.flatMap(Double.init)
  }

  /// The value of an expression as soon as it fits.
  @discardableResult
  func value(
    _ expression: String, within limit: Duration = .seconds(60), where fits: (Double) -> Bool
  ) async throws -> Double {
    var last: Double?
    do {
      return try await eventually(within: limit, expression) {
        last = try await value(expression)
        return last.flatMap { fits($0) ? $0 : nil }
      }
    } catch let error as LabError {
      throw LabError("\(error), which is \(last.map { "\($0)" } ?? "nothing")")
    }
  }

  /// The names of all metrics that it has.
  func names() async throws -> Set<String> {
    struct Answer: Decodable {
      let data: Set<String>
    }
    let text = try await host.get("http://\(Self.address)/api/v1/label/__name__/values")
    return try LabJSON.decode(Answer.self, from: text).data
  }
}

extension LabHost {
  /// Starts a Prometheus that scrapes `target`, and returns when it serves.
  func startPrometheus(scraping target: String) async throws -> PrometheusServer {
    try await PrometheusServer.start(on: self, scraping: target)
  }

  /// The body at a URL that this host reaches.
  func get(_ url: String) async throws -> String {
    let script = """
      import sys, urllib.request
      with urllib.request.urlopen(sys.argv[1], timeout=10) as answer:
        sys.stdout.buffer.write(answer.read())
      """
    return try await succeed("/usr/bin/python3", "-c", script, url)
  }
}
