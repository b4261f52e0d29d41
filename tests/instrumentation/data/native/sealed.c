/* A stand-in for BoringSSL inside a toolkit's library: no symbols, the check known only by the two texts that it picks from. */
#include <string.h>

static volatile const char *defaults;

__attribute__((noinline)) static int set_default(const char *name) {
  defaults = name;
  return name[0] != 0;
}

/* What is in front of the check and behind it must not be taken for it. */
__attribute__((noinline)) static int before(int value) { return set_default("ssl_other") + value; }

__attribute__((noinline)) static int chain(int server, const char *subject, unsigned char *alert) {
  int ready = set_default(server ? "ssl_client" : "ssl_server");
  *alert = 46;
  return ready && strcmp(subject, "pinned") == 0;
}

__attribute__((noinline)) static int after(int value) { return set_default("ssl_another") + value; }

int handshake(int server, const char *subject) {
  unsigned char alert = 0;
  return before(1) && after(1) ? chain(server, subject, &alert) : -1;
}
