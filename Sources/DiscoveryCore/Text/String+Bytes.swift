extension String {
  /// Calls `body` with its bytes in UTF-8, where they are: `withUTF8` takes a string that may change, so
  /// a copy, whose reference is counted.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
    var copy = self
    return copy.withUTF8(body)
  }
}
