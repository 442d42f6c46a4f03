/* Preloaded. A disk that fails as FAULT_FILE says: one line, the call (write, sync, or open for writing) and the number of
   the error. Every sync that succeeds is one byte in SYNC_FILE. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int isAsked(const char *call) {
  const char *path = getenv("FAULT_FILE");
  char name[16];
  int number;
  FILE *file;
  if (!path || !(file = fopen(path, "r"))) return 0;
  int fields = fscanf(file, "%15s %d", name, &number);
  fclose(file);
  if (fields != 2 || strcmp(name, call)) return 0;
  errno = number;
  return 1;
}

/* Of regular files alone: pipes and sockets go on. */
static int fails(int fd, const char *call) {
  struct stat about;
  return !fstat(fd, &about) && S_ISREG(about.st_mode) && isAsked(call);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Of a database alone: whatever else is written at a start goes on. */
static int mayOpen(const char *path, int flags) {
  return !strstr(path, ".sqlite") || (flags & O_ACCMODE) == O_RDONLY || !isAsked("open");
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = va_arg(rest, int);
  va_end(rest);
  return mayOpen(path, flags) ? REAL(open64)(path, flags, mode) : -1;
}
int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = va_arg(rest, int);
  va_end(rest);
  return mayOpen(path, flags) ? REAL(open)(path, flags, mode) : -1;
}

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
