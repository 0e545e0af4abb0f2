/// SHA-1 (RFC 3174), for UUIDv5 alone: nothing here relies on it for safety.
enum SHA1 {
  typealias Digest = (UInt32, UInt32, UInt32, UInt32, UInt32)

  static func digest(of message: consuming [UInt8]) -> Digest {
    let bits = UInt64(message.count) * 8
    var padded = message
    padded.append(0x80)
    padded.append(contentsOf: repeatElement(0, count: (120 - padded.count % 64) % 64))
    for shift in stride(from: 56, through: 0, by: -8) {
      padded.append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
    }
    var state: Digest = (0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0)
    // On the stack, unchecked: every new backend has its id hashed. The indices are those below.
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 80) { words in
      for block in stride(from: 0, to: padded.count, by: 64) {
        for index in 0..<16 {
          let start = block + 4 * index
          words[index] =
            UInt32(padded[start]) << 24 | UInt32(padded[start + 1]) << 16
            | UInt32(padded[start + 2]) << 8 | UInt32(padded[start + 3])
        }
        for index in 16..<80 {
          let mixed = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
          words[index] = rotated(mixed, by: 1)
        }
        compress(&state, words)
      }
    }
    return state
  }

  /// Takes a block's 80 words in.
  private static func compress(_ state: inout Digest, _ words: UnsafeMutableBufferPointer<UInt32>) {
    var (a, b, c, d, e) = state
    func round(_ mix: UInt32, _ constant: UInt32, _ word: UInt32) {
      let next = rotated(a, by: 5) &+ mix &+ e &+ constant &+ word
      (a, b, c, d, e) = (next, a, rotated(b, by: 30), c, d)
    }
    for index in 0..<20 { round(b & c | ~b & d, 0x5A82_7999, words[index]) }
    for index in 20..<40 { round(b ^ c ^ d, 0x6ED9_EBA1, words[index]) }
    for index in 40..<60 { round(b & c | b & d | c & d, 0x8F1B_BCDC, words[index]) }
    for index in 60..<80 { round(b ^ c ^ d, 0xCA62_C1D6, words[index]) }
    state = (state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d, state.4 &+ e)
  }

  private static func rotated(_ word: UInt32, by bits: UInt32) -> UInt32 {
    word << bits | word >> (32 - bits)
  }
}
