/* For LD_PRELOAD: as long as the file $HOLD_SYNCS is there, whoever syncs a file waits, as on a disk that hangs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int sync_when_free(const char* call, int fd) {
  const char* held = getenv("HOLD_SYNCS");
  while (held && access(held, F_OK) == 0) usleep(5000);
  return ((int (*)(int))dlsym(RTLD_NEXT, call))(fd);
}

int fsync(int fd) { return sync_when_free("fsync", fd); }
int fdatasync(int fd) { return sync_when_free("fdatasync", fd); }
