import Glibc

/// What the kernel says of this process; nil where it says nothing.
///
/// All of it is read from what a process always sees of itself, whatever else of /proc is hidden.
struct ProcessFigures {
  /// Processor time, user and system, in seconds.
  var cpuSeconds: Double?
  /// In bytes.
  var residentMemory: Int?
  /// In bytes.
  var virtualMemory: Int?
  var openDescriptors: Int?
  /// Infinite when there is no limit.
  var maximumDescriptors: Double?

  static func current() -> ProcessFigures {
    var figures = ProcessFigures()
    var usage = rusage()
    // The constant's type differs from the parameter's in glibc's headers.
    if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
      figures.cpuSeconds = seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
    // Pages: all, resident, … (proc(5)).
    let pages = memoryPages()
    if pages.count > 1 {
      figures.virtualMemory = pages[0] * Int(getpagesize())
      figures.residentMemory = pages[1] * Int(getpagesize())
    }
    figures.openDescriptors = openDescriptors()
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      figures.maximumDescriptors =
        limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
    }
    return figures
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
  }

  private static func memoryPages() -> [Int] {
    let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = read(descriptor, &buffer, buffer.count)
    guard count > 0 else { return [] }
    return buffer[..<count].split(separator: UInt8(ascii: " ")).prefix(2).compactMap {
      Int(String(decoding: $0, as: UTF8.self))
    }
  }

  /// Without the one that the count itself needs.
  private static func openDescriptors() -> Int? {
    guard let directory = opendir("/proc/self/fd") else { return nil }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    // "." and "..".
    return max(count - 3, 0)
  }
}
