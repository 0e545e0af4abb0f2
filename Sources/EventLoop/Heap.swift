import CGlibc

/// How malloc(3) keeps what the process frees (mallopt(3)).
package enum Heap {
  /// Has all threads share one arena: each has its own else, with its own slack, though a daemon's
  /// threads seldom work at the same time, and free what others allocated. Those that there are already
  /// stay: to be called by the first thread, before there are others.
  package static func useOneArena() {
    mallopt(M_ARENA_MAX, 1)
  }

  /// Has each block of 128 KiB or more returned to the system as soon as it is freed.
  ///
  /// That is how malloc begins, but with the first such block that is freed it takes larger ones to be
  /// usual, up to 32 MiB: what a long list or a state file needed once would stay for good.
  package static func returnLargeBlocks() {
    mallopt(M_MMAP_THRESHOLD, 128 << 10)
  }

  /// Returns each page to the system that is free as a whole, wherever it is (malloc_trim(3)): by itself
  /// malloc only returns what is at the end. A matter of a millisecond for some megabytes.
  package static func returnFreePages() {
    malloc_trim(0)
  }
}
