// What libavahi-client takes by itself: browses one type, opens a resolver for each service, counts
// those that are resolved and ends when there are COUNT of them.
//
//   bare_loop TYPE COUNT
#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-common/error.h>
#include <avahi-common/simple-watch.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static AvahiClient *client;
static AvahiSimplePoll *loop;
static int wanted, resolved;

static void fail(const char *what) {
  fprintf(stderr, "bare_loop: %s: %s\n", what, client ? avahi_strerror(avahi_client_errno(client)) : "");
  exit(1);
}

static void on_resolve(
    AvahiServiceResolver *resolver, AvahiIfIndex interface, AvahiProtocol protocol,
    AvahiResolverEvent event, const char *name, const char *type, const char *domain,
    const char *host, const AvahiAddress *address, uint16_t port, AvahiStringList *txt,
    AvahiLookupResultFlags flags, void *counted) {
  (void)interface, (void)protocol, (void)name, (void)type, (void)domain, (void)host, (void)address;
  (void)port, (void)txt, (void)flags;
  if (event == AVAHI_RESOLVER_FAILURE) {
    avahi_service_resolver_free(resolver);
    return;
  }
  // An open resolver may tell of the same service again.
  if (*(char *)counted) return;
  *(char *)counted = 1;
  if (++resolved == wanted) avahi_simple_poll_quit(loop);
}

static void on_browse(
    AvahiServiceBrowser *browser, AvahiIfIndex interface, AvahiProtocol protocol,
    AvahiBrowserEvent event, const char *name, const char *type, const char *domain,
    AvahiLookupResultFlags flags, void *unused) {
  (void)browser, (void)flags, (void)unused;
  if (event == AVAHI_BROWSER_FAILURE) fail("browser");
  if (event != AVAHI_BROWSER_NEW) return;
  // Freed with the process.
  char *counted = calloc(1, 1);
  if (!counted || !avahi_service_resolver_new(
          client, interface, protocol, name, type, domain, AVAHI_PROTO_UNSPEC, 0, on_resolve,
          counted))
    fail("resolver");
}

static void on_client(AvahiClient *new_client, AvahiClientState state, void *unused) {
  (void)unused;
  client = new_client;
  if (state == AVAHI_CLIENT_FAILURE) fail("client");
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  wanted = atoi(arguments[2]);
  loop = avahi_simple_poll_new();
  if (!loop || !avahi_client_new(avahi_simple_poll_get(loop), 0, on_client, NULL, NULL))
    fail("client");
  if (!avahi_service_browser_new(
          client, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, arguments[1], "local", 0, on_browse, NULL))
    fail("browser");
  avahi_simple_poll_loop(loop);
  printf("resolved %d\n", resolved);
  fflush(stdout);
  _exit(0);
}
