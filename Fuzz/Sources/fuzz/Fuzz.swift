import CLibFuzzer
import Glibc

/// `fuzz TARGET [what libFuzzer takes]…`: tries one target with whatever libFuzzer thinks of.
@main
enum Fuzz {
  /// A target takes bytes and ends the process when something does not hold.
  private static let targets: [String: @Sendable ([UInt8]) -> Void] = [
    "config": fuzzConfig,
    "http": fuzzHTTP,
    "json": fuzzJSON,
    "merging": fuzzMerging,
    "names": fuzzNames,
    "registry": fuzzRegistry,
    "txt": fuzzTXT,
  ]
  // Written once, before the fuzzer starts; libFuzzer calls back on the thread that started it.
  nonisolated(unsafe) private static var target: @Sendable ([UInt8]) -> Void = { _ in }

  static func main() {
    let names = targets.keys.sorted()
    guard CommandLine.argc > 1, let target = targets[CommandLine.arguments[1]] else {
      print(names.joined(separator: "\n"))
      exit(CommandLine.argc > 1 ? 2 : 0)
    }
    Self.target = target
    // libFuzzer's own arguments: without the target's name.
    var arguments = [CommandLine.unsafeArgv[0]]
    for index in 2..<max(Int(CommandLine.argc), 2) {
      arguments.append(CommandLine.unsafeArgv[index])
    }
    var count = Int32(arguments.count)
    arguments.append(nil)
    arguments.withUnsafeMutableBufferPointer { buffer in
      var start = buffer.baseAddress
      exit(LLVMFuzzerRunDriver(&count, &start, oneInput))
    }
  }

  fileprivate static func run(_ bytes: UnsafeBufferPointer<UInt8>) { target(Array(bytes)) }
}

private func oneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  Fuzz.run(UnsafeBufferPointer(start: data, count: size))
  return 0
}

/// What libFuzzer's own `main`, which is not used, would call: some builds of it need it to link.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 { oneInput(data, size) }

/// Ends the process, which libFuzzer takes for a find, unless `condition` holds.
func check(
  _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #file,
  line: UInt = #line
) {
  if !condition { fatalError(message(), file: file, line: line) }
}

/// The fuzzer's bytes as random numbers, one byte each, so that each choice is one byte's affair.
struct ByteGenerator: RandomNumberGenerator {
  private var bytes: ArraySlice<UInt8>
  private var filler: UInt64 = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  var isEmpty: Bool { bytes.isEmpty }

  mutating func next() -> UInt64 {
    // A range may ask again and again until a number suits: then one has to come that does.
    guard let byte = bytes.popFirst() else {
      filler &+= 0x9E37_79B9_7F4A_7C15
      return filler
    }
    // The high bits decide.
    return UInt64(byte) &* 0x0101_0101_0101_0101
  }
}
