/* Preloaded. A disk that fails as FAULT_FILE says: one line, the call (write or sync) and the number of the error. Every
   sync that succeeds is one byte in SYNC_FILE. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* Of regular files alone: pipes and sockets go on. */
static int fails(int fd, const char *call) {
  const char *path = getenv("FAULT_FILE");
  struct stat about;
  char name[16];
  int number;
  FILE *file;
  if (!path || fstat(fd, &about) || !S_ISREG(about.st_mode) || !(file = fopen(path, "r"))) return 0;
  int fields = fscanf(file, "%15s %d", name, &number);
  fclose(file);
  if (fields != 2 || strcmp(name, call)) return 0;
  errno = number;
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  return fails(fd, "write") ? -1 : REAL(pwrite64)(fd, bytes, count, at);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  return fails(fd, "write") ? -1 : REAL(pwrite)(fd, bytes, count, at);
}
static int counted(int result) {
  const char *path = getenv("SYNC_FILE");
  FILE *file = result == 0 && path ? fopen(path, "a") : NULL;
  if (file) {
    fputc('s', file);
    fclose(file);
  }
  return result;
}

int fsync(int fd) { return fails(fd, "sync") ? -1 : counted(REAL(fsync)(fd)); }
int fdatasync(int fd) { return fails(fd, "sync") ? -1 : counted(REAL(fdatasync)(fd)); }
