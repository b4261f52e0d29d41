#include <stdio.h>

int handshake(int server, const char *subject);

int main(int count, char **words) {
  FILE *out = fopen(words[1], "w");
  fprintf(out, "%d %d %d", handshake(0, "pinned"), handshake(0, "proxy"), handshake(1, "proxy"));
  fclose(out);
  return count == 2 ? 0 : 1;
}
