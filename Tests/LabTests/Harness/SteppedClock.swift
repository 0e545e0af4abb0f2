import Foundation

/// A wall clock that steps for one process alone: the machine's is never touched.
///
/// It is a library put before libc (ld.so(8), LD_PRELOAD), which adds an offset to CLOCK_REALTIME. It
/// leaves the kernel's own timers alone, which libfaketime does not: that shifts the monotonic ones
/// of Dispatch as well.
struct SteppedClock: Sendable {
  private static let code = """
    #define _GNU_SOURCE
    #include <fcntl.h>
    #include <sys/mman.h>
    #include <sys/syscall.h>
    #include <sys/time.h>
    #include <time.h>
    #include <unistd.h>

    static const volatile long *offset;

    __attribute__((constructor)) static void begin(void) {
      int file = open("/run/clock", O_RDONLY | O_CLOEXEC);
      void *mapped = mmap(0, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
      if (mapped != MAP_FAILED) offset = mapped;
      close(file);
    }

    int clock_gettime(clockid_t clock, struct timespec *now) {
      int result = syscall(SYS_clock_gettime, clock, now);
      if (result == 0 && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += *offset;
      return result;
    }

    int gettimeofday(struct timeval *now, void *zone) {
      (void)zone;
      struct timespec time;
      int result = clock_gettime(CLOCK_REALTIME, &time);
      now->tv_sec = time.tv_sec;
      now->tv_usec = time.tv_nsec / 1000;
      return result;
    }

    time_t time(time_t *now) {
      struct timespec time;
      clock_gettime(CLOCK_REALTIME, &time);
      if (now) *now = time.tv_sec;
      return time.tv_sec;
    }
    """

  let host: LabHost

  /// What the process that is to live by it needs in its environment.
  let environment = ["LD_PRELOAD": "/run/clock.so"]

  /// Prepares one on `host`, which shows the right time as yet.
  init(on host: LabHost) async throws {
    self.host = host
    let compiled = try await host.run(
      ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-x", "c", "-", "-o", "/run/clock.so"],
      input: Self.code)
    guard compiled.status == .status(0) else { throw LabError(compiled.errors) }
    try await show(ahead: 0)
  }

  /// Steps it to `seconds` ahead of the machine's own.
  func show(ahead seconds: Int) async throws {
    let script = """
      import os, struct, sys
      path = "/run/clock"
      # In place: the file is mapped.
      with open(path, "r+b" if os.path.exists(path) else "wb") as file:
        file.write(struct.pack("@l", int(sys.argv[1])))
      """
    try await host.succeed("/usr/bin/python3", "-c", script, String(seconds))
  }
}
