import CAllocator

// The registry's state machine and the parsing of TXT records alone, on one core: a line of JSON for
// each figure with all its samples, for Benchmarks/bench to read.
//
//   registry-bench [SAMPLES=5]

let samples = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 5

for count in [100, 10_000, 100_000] { measureRegistry(of: count, samples: samples) }
measureTXT(samples: samples)

/// Tells one figure.
func tell(_ name: String, _ unit: String, _ samples: [Double]) {
  print(#"{"name": "\#(name)", "unit": "\#(unit)", "samples": \#(samples)}"#)
}

/// Seconds that `body` takes.
func seconds(_ body: () -> Void) -> Double {
  let time = ContinuousClock().measure(body)
  return Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
}

/// Bytes that are allocated now.
func allocated() -> Int {
  let info = mallinfo2()
  return Int(info.uordblks) + Int(info.hblkhd)
}
