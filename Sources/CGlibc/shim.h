#pragma once

// What glibc's Swift module leaves out; the constants of timerfd are an enumeration there.
#include <malloc.h>
#include <sys/timerfd.h>

static inline int cglibc_timer_create(void) {
  return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

// At `seconds` and `nanoseconds` of CLOCK_MONOTONIC; both 0: never.
static inline int cglibc_timer_set(int timer, long seconds, long nanoseconds) {
  struct itimerspec time = {{0, 0}, {seconds, nanoseconds}};
  return timerfd_settime(timer, TFD_TIMER_ABSTIME, &time, NULL);
}
