/// SHA-1 (RFC 3174), for UUIDv5 alone: nothing here relies on it for safety.
enum SHA1 {
  typealias Digest = (UInt32, UInt32, UInt32, UInt32, UInt32)

  /// The digest of the 16 bytes of `head` and those of `text`.
  ///
  /// On the stack: every new backend has its id hashed.
  static func digest(of head: (UInt64, UInt64), _ text: String) -> Digest {
    var text = text
    return text.withUTF8 { text in
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
    word << bits | word >> (32 &- bits)
  }
}
