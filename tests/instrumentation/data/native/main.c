/* Loads the SDK's library while it runs, as an app does, and does what its arguments say. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int count, char **words) {
  void *library = dlopen(words[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) { fprintf(stderr, "%s\n", dlerror()); return 8; }
  void (*run)(const char *) = (void (*)(const char *)) dlsym(library, "sdk_run");
  for (int i = 2; i < count; i++) run(words[i]);
  return 0;
}
