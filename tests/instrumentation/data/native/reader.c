/* An SDK's native part: reads what identifies the device. Every reading stands in a function of its own, so that stacks can name it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#define STEP __attribute__((noinline, visibility("default")))
extern char **environ;
int __system_property_get(const char *, char *);
const void *__system_property_find(const char *);
int __system_property_read(const void *, char *, char *);
void __system_property_read_callback(const void *, void (*)(void *, const char *, const char *, uint32_t), void *);

static void must(int holds, const char *what) { if (!holds) { fprintf(stderr, "BROKEN: %s\n", what); exit(9); } }

STEP void sdk_properties(void) {
  char value[92], name[32];
  must(__system_property_get("ro.serialno", value) == 10 && strcmp(value, "R58M123ABC") == 0, "property");
  must(__system_property_get("debug.harmless", value) == 1, "harmless");
  must(__system_property_get("ro.boot.serialno", value) == 0, "missing");
  const void *pi = __system_property_find("ro.product.model");
  must(__system_property_read(pi, name, value) == 8 && strcmp(name, "ro.product.model") == 0, "read");
}
static void told(void *cookie, const char *name, const char *value, uint32_t serial) {
  snprintf(cookie, 92, "%s", value);
  must(serial == 7 && strcmp(name, "ro.serialno") == 0, "callback");
}
STEP void sdk_callback(void) {
  char value[92];
  __system_property_read_callback(__system_property_find("ro.serialno"), told, value);
  must(strcmp(value, "R58M123ABC") == 0, "value by callback");
}
STEP void sdk_files(void) {
  char line[128];
  int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY);
  must(read(fd, line, sizeof line) == 37, "boot id");
  close(fd);
  errno = 0;
  must(open("/sys/class/net/none/address", O_RDONLY) == -1 && errno == ENOENT, "errno");
  fd = openat(AT_FDCWD, "/proc/version", O_RDONLY);
  while (read(fd, line, 16) > 0) continue;
  close(fd);
  FILE *file = fopen("/sys/class/net/lo/address", "r");
  must(file != NULL && fgets(line, sizeof line, file) != NULL && strncmp(line, "00:00:00:00:00:00", 17) == 0, "mac of lo");
  fclose(file);
  fd = open("/proc/self/cmdline", O_RDONLY);
  must(read(fd, line, sizeof line) > 0, "own name");
  close(fd);
  fd = open("/dev/null", O_RDONLY);
  must(read(fd, line, sizeof line) == 0, "nothing");
  close(fd);
}
STEP void sdk_probes(void) {
  char target[256];
  struct stat status;
  errno = 0;
  must(access("/system/xbin/su", F_OK) == -1 && errno == ENOENT, "no su");
  must(stat("/sdcard/.UTSystemConfig", &status) == -1, "no hidden file");
  must(readlink("/sys/class/net/lo", target, sizeof target) > 0, "link of lo");
}
STEP void sdk_interfaces(void) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strcpy(request.ifr_name, "lo");
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  must(ioctl(fd, SIOCGIFHWADDR, &request) == 0, "hardware address");
  must(ioctl(fd, SIOCGIFADDR, &request) == 0, "address");
  must(ioctl(fd, SIOCGIFMTU, &request) == 0 && request.ifr_mtu > 0, "not telling");
  close(fd);
  struct ifaddrs *list;
  must(getifaddrs(&list) == 0, "getifaddrs");
  freeifaddrs(list);
}
STEP void sdk_netlink(void) {
  struct { struct nlmsghdr head; struct rtgenmsg body; } ask = {{sizeof ask, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {AF_UNSPEC}};
  char reply[32768];
  int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), done = 0;
  must(send(fd, &ask, sizeof ask, 0) == sizeof ask, "send");
  while (!done) {
    int size = (int) recv(fd, reply, sizeof reply, 0);
    for (struct nlmsghdr *head = (struct nlmsghdr *) reply; NLMSG_OK(head, size); head = NLMSG_NEXT(head, size))
      if (head->nlmsg_type == NLMSG_DONE) done = 1;
  }
  close(fd);
}
STEP void sdk_commands(void) {
  char line[64], *const words[] = {"uname", "-s", NULL};
  pid_t child;
  FILE *pipe = popen("cat /proc/sys/kernel/random/boot_id", "r");
  must(fgets(line, sizeof line, pipe) != NULL && strlen(line) == 37, "output of the command");
  must(pclose(pipe) == 0, "pclose");
  must(posix_spawnp(&child, "uname", NULL, NULL, words, environ) == 0, "spawn");
  waitpid(child, NULL, 0);
  must(system("true") == 0, "not telling");
}
STEP void sdk_fork(void) {
  for (int i = 0; i < 20; i++) {
    pid_t child = fork();
    if (child == 0) {
      int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY);
      _exit(fd < 0);
    }
    int status;
    waitpid(child, &status, 0);
    must(status == 0, "a child lives on");
  }
}
STEP void sdk_run(const char *what) {
  if (strcmp(what, "properties") == 0) sdk_properties();
  else if (strcmp(what, "callback") == 0) sdk_callback();
  else if (strcmp(what, "files") == 0) sdk_files();
  else if (strcmp(what, "probes") == 0) sdk_probes();
  else if (strcmp(what, "interfaces") == 0) sdk_interfaces();
  else if (strcmp(what, "netlink") == 0) sdk_netlink();
  else if (strcmp(what, "commands") == 0) sdk_commands();
  else if (strcmp(what, "fork") == 0) sdk_fork();
  else must(0, what);
}
