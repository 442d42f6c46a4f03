// What Node cannot do by itself inside a Nitro enclave, and nothing else: listen on vsock, tell who called, ask the
// Nitro Secure Module. It cannot dial out. Failures throw an Error whose code is the name of the errno.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/vm_sockets.h>
#include <node_api.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

// The driver's own limits on a request and its response (linux/drivers/misc/nsm.c).
enum { responseBytesMax = 0x3000, argumentsMax = 2 };

struct nsmMessage {
  struct iovec request, response;
};

static napi_value fail(napi_env env, const char *what) {
  napi_throw_error(env, strerrorname_np(errno), what);
  return NULL;
}

static void readArguments(napi_env env, napi_callback_info info, napi_value out[argumentsMax]) {
  size_t count = argumentsMax;
  napi_get_cb_info(env, info, &count, out, NULL, NULL);
}

static uint32_t toNumber(napi_env env, napi_value value) {
  uint32_t number = 0;
  napi_get_value_uint32(env, value, &number);
  return number;
}

static napi_value fromNumber(napi_env env, uint32_t number) {
  napi_value value = NULL;
  napi_create_uint32(env, number, &value);
  return value;
}

// listen(port) -> descriptor of a socket that listens on this port of every CID that is ours
static napi_value listenOn(napi_env env, napi_callback_info info) {
  napi_value arguments[argumentsMax];
  readArguments(env, info, arguments);
  struct sockaddr_vm address = {
      .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = toNumber(env, arguments[0])};
  int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(env, "socket");
  if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, SOMAXCONN) == 0)
    return fromNumber(env, fd);
  int reason = errno;
  close(fd);
  errno = reason;
  return fail(env, "listen");
}

// peerCid(descriptor) -> CID of whoever is at the other end
static napi_value peerCid(napi_env env, napi_callback_info info) {
  napi_value arguments[argumentsMax];
  readArguments(env, info, arguments);
  struct sockaddr_vm address;
  socklen_t size = sizeof address;
  if (getpeername(toNumber(env, arguments[0]), (struct sockaddr *)&address, &size)) return fail(env, "getpeername");
  if (address.svm_family != AF_VSOCK) {
    errno = EAFNOSUPPORT;
    return fail(env, "peerCid");
  }
  return fromNumber(env, address.svm_cid);
}

// nsm(descriptor of /dev/nsm, request) -> response, both CBOR
static napi_value nsm(napi_env env, napi_callback_info info) {
  napi_value arguments[argumentsMax], result = NULL;
  readArguments(env, info, arguments);
  uint8_t response[responseBytesMax];
  struct nsmMessage message = {.response = {response, sizeof response}};
  if (napi_get_buffer_info(env, arguments[1], &message.request.iov_base, &message.request.iov_len) != napi_ok) {
    errno = EINVAL;
    return fail(env, "nsm");
  }
  if (ioctl(toNumber(env, arguments[0]), _IOWR(0x0A, 0, struct nsmMessage), &message)) return fail(env, "nsm");
  napi_create_buffer_copy(env, message.response.iov_len, response, NULL, &result);
  return result;
}

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {.utf8name = "listen", .method = listenOn},
      {.utf8name = "peerCid", .method = peerCid},
      {.utf8name = "nsm", .method = nsm},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
