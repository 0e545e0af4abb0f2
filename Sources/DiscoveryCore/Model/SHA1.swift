/// SHA-1 (RFC 3174), for UUIDv5 alone: nothing here relies on it for safety.
enum SHA1 {
  typealias Digest = (UInt32, UInt32, UInt32, UInt32, UInt32)

  /// The digest of the 16 bytes of `head` and those of `text`.
  ///
  /// On the stack: every new backend has its id hashed.
  static func digest(of head: (UInt64, UInt64), _ text: String) -> Digest {
    text.withBytes { text in
      let length = 16 + text.count
      // Whole blocks, with a bit behind the message and its length at the end.
      let size = (length + 9 + 63) & ~63
      return withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { message in
        message.initializeMemory(as: UInt8.self, repeating: 0)
        message.storeBytes(of: head.0.bigEndian, as: UInt64.self)
        message.storeBytes(of: head.1.bigEndian, toByteOffset: 8, as: UInt64.self)
        UnsafeMutableRawBufferPointer(rebasing: message[16...]).copyBytes(from: text)
        message[length] = 0x80
        message.storeBytes(
          of: UInt64(8 * length).bigEndian, toByteOffset: size - 8, as: UInt64.self)
        return digest(ofBlocks: UnsafeRawBufferPointer(message))
      }
    }
  }

  private static func digest(ofBlocks blocks: UnsafeRawBufferPointer) -> Digest {
    var state: Digest = (0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0)
    // Unchecked: the indices are those below.
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 80) { words in
      for block in stride(from: 0, to: blocks.count, by: 64) {
        for index in 0..<16 {
          words[index] =
            blocks.load(fromByteOffset: block + 4 * index, as: UInt32.self).bigEndian
        }
        compress(&state, words)
      }
    }
    return state
  }

  /// Takes in a block, which is the first 16 of the 80 words that are made of it.
  private static func compress(_ state: inout Digest, _ words: UnsafeMutableBufferPointer<UInt32>) {
    var (a, b, c, d, e) = state
    /// A word past the first 16, made of earlier ones.
    @inline(__always)
    func made(_ index: Int) -> UInt32 {
      let mixed = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
      words[index] = rotated(mixed, by: 1)
      return words[index]
    }
    /// Twenty rounds, by fives: after each five the variables have their own places again.
    @inline(__always)
    func rounds(
      from first: Int, _ constant: UInt32, _ word: (Int) -> UInt32,
      _ mix: (UInt32, UInt32, UInt32) -> UInt32
    ) {
      for index in stride(from: first, to: first + 20, by: 5) {
        e = e &+ constant &+ word(index) &+ mix(b, c, d) &+ rotated(a, by: 5)
        b = rotated(b, by: 30)
        d = d &+ constant &+ word(index + 1) &+ mix(a, b, c) &+ rotated(e, by: 5)
        a = rotated(a, by: 30)
        c = c &+ constant &+ word(index + 2) &+ mix(e, a, b) &+ rotated(d, by: 5)
        e = rotated(e, by: 30)
        b = b &+ constant &+ word(index + 3) &+ mix(d, e, a) &+ rotated(c, by: 5)
        d = rotated(d, by: 30)
        a = a &+ constant &+ word(index + 4) &+ mix(c, d, e) &+ rotated(b, by: 5)
        c = rotated(c, by: 30)
      }
    }
    for index in 16..<20 { _ = made(index) }
    rounds(from: 0, 0x5A82_7999, { words[$0] }, { $2 ^ ($0 & ($1 ^ $2)) })
    rounds(from: 20, 0x6ED9_EBA1, made, { $0 ^ $1 ^ $2 })
    rounds(from: 40, 0x8F1B_BCDC, made, { $0 & $1 | $2 & ($0 | $1) })
    rounds(from: 60, 0xCA62_C1D6, made, { $0 ^ $1 ^ $2 })
    state = (state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d, state.4 &+ e)
  }

  private static func rotated(_ word: UInt32, by bits: UInt32) -> UInt32 {
    word << bits | word >> (32 &- bits)
  }
}
