import CTimer

/// What the process does with memory that it needs no more.
package enum ProcessMemory {
  /// Has each block of 128 KiB or more returned to the system as soon as it is freed.
  ///
  /// That is how malloc begins, but with the first such block that is freed it takes larger ones to be
  /// usual, up to 32 MiB (mallopt(3)): what a long list or a state file needed once would stay for good.
  package static func returnLargeBlocks() {
    mallopt(M_MMAP_THRESHOLD, 128 << 10)
  }
}
