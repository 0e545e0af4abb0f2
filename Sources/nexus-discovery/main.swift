import EventLoop
import Glibc

// A closed pipe is an error of write(2) like any other; it ends us quietly.
signal(SIGPIPE, SIG_IGN)

// Before the first thread but this one.
Heap.useOneArena()

// All tasks on one queue of ours: Dispatch's global ones would wake the process each second.
let status = await withTaskExecutorPreference(QueueTaskExecutor(label: "tasks")) {
  await Tool.run(Array(CommandLine.arguments.dropFirst()), console: .standard)
}
exit(status.rawValue)
