/* What a stateful application does, at its plainest: it appends to a file on its volume, all the time. Each line says who
 * wrote it and when, by a clock that all nodes of this machine share:  NODE POD_UID NANOSECONDS */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  const char *node = getenv("NODE_NAME");
  const char *pod = getenv("POD_UID");
  const int file = open("/data/journal", O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (file < 0 || node == NULL || pod == NULL) return 1;
  const struct timespec pause = {0, 10 * 1000 * 1000};
  for (;;) {
    struct timespec now;
    char line[256];
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int length = snprintf(line, sizeof line, "%s %s %lld\n", node, pod,
                                (long long)now.tv_sec * 1000000000LL + now.tv_nsec);
    if (write(file, line, (size_t)length) != length) return 1;
    nanosleep(&pause, NULL);
  }
}
