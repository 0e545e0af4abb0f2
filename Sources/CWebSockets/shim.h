#pragma once

#include <libwebsockets.h>
#include <sys/prctl.h>

/* What lws_write() needs to be free in front of the bytes; too complex a macro for Swift. */
enum { nexus_lws_pre = LWS_PRE };

/* Raw bytes: an alias, which Swift does not see. */
static inline int nexus_lws_write(struct lws *socket, unsigned char *bytes, size_t count) {
  return lws_write(socket, bytes, count, LWS_WRITE_RAW);
}

/* The calling thread's name, as ps -T shows it. */
static inline void nexus_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

/* A timer of the event loop, and whose it is. */
struct nexus_lws_timer {
  lws_sorted_usec_list_t entry;
  void *owner;
};

static inline void *nexus_lws_timer_owner(lws_sorted_usec_list_t *entry) {
  return ((struct nexus_lws_timer *)entry)->owner;
}

static inline void nexus_lws_nothing(lws_sorted_usec_list_t *entry) { (void)entry; }

/*
 * Takes the library's own timer out of a new context's event loop. Every 30 s (lws_sul_plat_unix)
 * it looks for listeners that could not be bound and for the parent of a daemonised process; there
 * are neither here, and it would wake an idle process for ever. It has no name outside of the
 * library, so it is found by its time, beside a timer of ours in the same list.
 */
static inline void nexus_lws_drop_housekeeping(struct lws_context *context) {
  lws_sorted_usec_list_t probe;
  struct lws_dll2 *next, *d;
  lws_usec_t now = lws_now_usecs();

  memset(&probe, 0, sizeof(probe));
  lws_sul_schedule(context, 0, &probe, nexus_lws_nothing, 3600 * LWS_US_PER_SEC);
  for (d = probe.list.owner ? probe.list.owner->head : NULL; d; d = next) {
    lws_sorted_usec_list_t *entry = lws_container_of(d, lws_sorted_usec_list_t, list);

    next = d->next;
    if (entry->us > now + 20 * LWS_US_PER_SEC && entry->us <= now + 30 * LWS_US_PER_SEC)
      lws_sul_cancel(entry);
  }
  lws_sul_cancel(&probe);
}
