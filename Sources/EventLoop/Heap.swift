import CGlibc

/// What malloc(3) gives out from.
package enum Heap {
  /// Has all threads share one arena (mallopt(3)): each has its own else, with its own slack, though a
  /// daemon's threads seldom work at the same time, and free what others allocated.
  package static func useOneArena() {
    mallopt(M_ARENA_MAX, 1)
  }
}
