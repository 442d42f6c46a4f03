// The first program in the enclave, without any library: mounts, tells the parent that it is up, becomes the core.
// Whatever fails ends it, and with it the enclave: there is no shell and nobody to ask.
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { parentCid = 3, heartbeatPort = 9000, heartbeat = 0xB7 };

static long call(long number, long a, long b, long c, long d, long e) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}

static _Noreturn void fail(const char *what, long length) {
  call(SYS_write, 2, (long)what, length, 0, 0);
  for (;;) call(SYS_exit, 1, 0, 0, 0, 0);
}

static void check(long result, const char *what, long length) {
  if (result < 0) fail(what, length);
}

#define CHECK(result, what) check(result, "init: " what " failed\n", sizeof("init: " what " failed\n") - 1)

static long mountAt(const char *kind, const char *place) {
  return call(SYS_mount, (long)kind, (long)place, (long)kind, 0, 0);
}

// The parent (nitro-cli) counts a boot as failed unless it is sent this byte, and sends it back.
static void beat(void) {
  struct sockaddr_vm parent = {.svm_family = AF_VSOCK, .svm_cid = parentCid, .svm_port = heartbeatPort};
  unsigned char byte = heartbeat;
  long fd = call(SYS_socket, AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0, 0, 0);
  CHECK(fd, "socket");
  CHECK(call(SYS_connect, fd, (long)&parent, sizeof parent, 0, 0), "connect to the parent");
  CHECK(call(SYS_write, fd, (long)&byte, 1, 0, 0) - 1, "heartbeat");
  CHECK(call(SYS_read, fd, (long)&byte, 1, 0, 0) - 1, "heartbeat's echo");
  if (byte != heartbeat) CHECK(-1, "heartbeat's echo");
  call(SYS_close, fd, 0, 0, 0, 0);
}

// An initial ramdisk without dev/console starts us without standard files; the kernel's own console takes their place.
static void openConsole(void) {
  long fd = call(SYS_open, (long)"/dev/console", O_RDWR, 0, 0, 0);
  CHECK(fd, "console");
  for (long at = 0; at < 3; at++) call(SYS_dup2, fd, at, 0, 0, 0);
  if (fd > 2) call(SYS_close, fd, 0, 0, 0, 0);
}

__attribute__((force_align_arg_pointer)) _Noreturn void _start(void) {
  static char *const arguments[] = {"/bin/node", "/app/core.mjs", 0};
  static char *const environment[] = {"HOME=/", "PATH=/bin", 0};
  CHECK(mountAt("devtmpfs", "/dev"), "mount of /dev");
  openConsole();
  CHECK(mountAt("proc", "/proc"), "mount of /proc");
  CHECK(mountAt("sysfs", "/sys"), "mount of /sys");
  CHECK(mountAt("tmpfs", "/tmp"), "mount of /tmp");
  beat();
  call(SYS_execve, (long)arguments[0], (long)arguments, (long)environment, 0, 0);
  fail("init: there is no core\n", 23);
}
