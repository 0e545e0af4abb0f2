#pragma once

#include <libwebsockets.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/epoll.h>
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

/* Macros of OpenSSL, which Swift does not see. */
static inline void nexus_tls_configure(SSL_CTX *context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  /* A connection that waits holds no buffers of 16 KiB. */
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

/* The name that is asked for (SNI, RFC 6066 section 3); 1, or 0 when it is not to be had. */
static inline int nexus_tls_set_name(SSL *session, const char *name) {
  return (int)SSL_set_tlsext_host_name(session, name);
}

/* A pair of buffers between a session, which owns them, and whoever sends and receives. */
static inline int nexus_tls_set_buffers(SSL *session, BIO **input, BIO **output) {
  *input = BIO_new(BIO_s_mem());
  *output = BIO_new(BIO_s_mem());
  if (!*input || !*output) {
    BIO_free(*input);
    BIO_free(*output);
    return 0;
  }
  /* Empty is "later", not the end. */
  BIO_set_mem_eof_return(*input, -1);
  BIO_set_mem_eof_return(*output, -1);
  SSL_set_bio(session, *input, *output);
  return 1;
}

/* What is waited for at a descriptor, and what it is then called; 0, or -1 and errno. */
static inline int nexus_epoll_set(int epoll, int operation, int descriptor, unsigned events,
                                  unsigned long long token) {
  struct epoll_event event = {.events = events, .data.u64 = token};
  return epoll_ctl(epoll, operation, descriptor, &event);
}
