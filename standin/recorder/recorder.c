/*
 * recorder: told to the loader by LD_PRELOAD, it writes down, in the order in which they happen, every write to
 * one file, every sync of it, and every byte that goes out through a socket. From that log a power cut at any
 * point can be played: what was synced is on the disk, what was not may be, what was sent has left.
 *
 * RECORDER_FILE  the file that is watched, an absolute path without links
 * RECORDER_LOG   the log; it is added to, so that several processes may share it
 *
 * A call is logged twice: before it is made, with its bytes, and after it, with its result. One record is one
 * write(2) to a file opened with O_APPEND, so records of different threads never mix. All numbers are
 * little-endian. Calls that bypass the C library are not seen; who reads the log compares what it gives with
 * the file itself.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
  OPENED = 1,
  WRITE = 2,
  SYNC = 3,
  TRUNCATE = 4,
  SEND = 5,
  MAPPED = 6,
  CLOSED = 7,
  SYNC_FOLDER = 8,
  DONE = 100,
};

struct record {
  uint32_t kind;
  uint32_t pid;
  uint32_t fd;
  uint32_t flags;
  uint64_t call;
  int64_t at;
  int64_t result;
  uint64_t length;
};

enum role { NOTHING = 0, PLAIN = 1, SYNCED = 2 };

#define MOST_FDS 65536
/* One less than a writev takes: the head of the record goes first. */
#define MOST_PIECES 1023

static char watched[PATH_MAX];
static char folder[PATH_MAX];
static int log_fd = -1;
static atomic_uint_fast64_t calls;
static _Atomic unsigned char roles[MOST_FDS];

#define REAL(type, name, ...)                                                                                \
  static type (*real_##name)(__VA_ARGS__);                                                                   \
  if (real_##name == NULL) real_##name = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("RECORDER_FILE");
  const char *log = getenv("RECORDER_LOG");
  if (path == NULL || log == NULL || strlen(path) >= PATH_MAX) return;
  strcpy(watched, path);
  strcpy(folder, path);
  strcpy(folder, dirname(folder));
  log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void note(struct record head, const struct iovec *pieces, int count) {
  struct iovec all[MOST_PIECES + 1];
  int saved = errno;
  if (log_fd < 0) return;
  head.pid = (uint32_t)getpid();
  head.length = 0;
  if (count > MOST_PIECES) abort();
  for (int i = 0; i < count; i++) {
    all[i + 1] = pieces[i];
    head.length += pieces[i].iov_len;
  }
  all[0].iov_base = &head;
  all[0].iov_len = sizeof head;
  /* A log with a hole would prove nothing, so there is none. */
  if (syscall(SYS_writev, log_fd, all, count + 1) != (long)(sizeof head + head.length)) abort();
  errno = saved;
}

static uint64_t before(enum kind kind, int fd, int64_t at, uint32_t flags, const struct iovec *pieces,
                       int count) {
  uint64_t call = atomic_fetch_add(&calls, 1) + 1;
  note((struct record){.kind = kind, .fd = (uint32_t)fd, .flags = flags, .call = call, .at = at}, pieces,
       count);
  return call;
}

static void after(enum kind kind, int fd, uint64_t call, int64_t result) {
  note((struct record){.kind = kind + DONE, .fd = (uint32_t)fd, .call = call, .result = result}, NULL, 0);
}

static enum role role_of(int fd) {
  return fd >= 0 && fd < MOST_FDS ? atomic_load(&roles[fd]) : NOTHING;
}

static int is_store(int fd) {
  enum role role = role_of(fd);
  return role == PLAIN || role == SYNCED;
}

static int is_socket(int fd) {
  struct stat stat;
  int saved = errno;
  int yes = fstat(fd, &stat) == 0 && S_ISSOCK(stat.st_mode);
  errno = saved;
  return yes;
}

static int is_at(int fd, const char *wanted) {
  char link[64], path[PATH_MAX];
  int saved = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = saved;
  if (length < 0) return 0;
  path[length] = 0;
  return strcmp(path, wanted) == 0;
}

static void opened(int fd, int flags) {
  if (fd < 0 || fd >= MOST_FDS || log_fd < 0) return;
  atomic_store(&roles[fd], NOTHING);
  if ((flags & O_ACCMODE) != O_RDONLY && is_at(fd, watched)) {
    int synced = (flags & (O_DSYNC | O_SYNC)) != 0;
    atomic_store(&roles[fd], synced ? SYNCED : PLAIN);
    before(OPENED, fd, 0, (uint32_t)((synced ? 1 : 0) | ((flags & O_CREAT) ? 2 : 0)), NULL, 0);
  }
}

#define OPEN_MODE                                                                                            \
  mode_t mode = 0;                                                                                           \
  if (flags & (O_CREAT | O_TMPFILE)) {                                                                       \
    va_list rest;                                                                                            \
    va_start(rest, flags);                                                                                   \
    mode = va_arg(rest, mode_t);                                                                             \
    va_end(rest);                                                                                            \
  }

int open(const char *path, int flags, ...) {
  OPEN_MODE
  REAL(int, open, const char *, int, ...);
  int fd = real_open(path, flags, mode);
  opened(fd, flags);
  return fd;
}

int open64(const char *path, int flags, ...) {
  OPEN_MODE
  REAL(int, open64, const char *, int, ...);
  int fd = real_open64(path, flags, mode);
  opened(fd, flags);
  return fd;
}

int openat(int at, const char *path, int flags, ...) {
  OPEN_MODE
  REAL(int, openat, int, const char *, int, ...);
  int fd = real_openat(at, path, flags, mode);
  opened(fd, flags);
  return fd;
}

int openat64(int at, const char *path, int flags, ...) {
  OPEN_MODE
  REAL(int, openat64, int, const char *, int, ...);
  int fd = real_openat64(at, path, flags, mode);
  opened(fd, flags);
  return fd;
}

int close(int fd) {
  REAL(int, close, int);
  if (fd >= 0 && fd < MOST_FDS && log_fd >= 0 && fd != log_fd) {
    if (role_of(fd) == NOTHING && is_socket(fd)) before(CLOSED, fd, 0, 0, NULL, 0);
    atomic_store(&roles[fd], NOTHING);
  }
  return real_close(fd);
}

static uint64_t writing(int fd, int64_t at, const struct iovec *pieces, int count) {
  return before(WRITE, fd, at, role_of(fd) == SYNCED ? 1 : 0, pieces, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
  REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
  if (!is_store(fd)) return real_pwrite(fd, bytes, length, at);
  struct iovec piece = {(void *)bytes, length};
  uint64_t call = writing(fd, at, &piece, 1);
  ssize_t result = real_pwrite(fd, bytes, length, at);
  after(WRITE, fd, call, result);
  return result;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  return pwrite(fd, bytes, length, at);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t at) {
  REAL(ssize_t, pwritev, int, const struct iovec *, int, off_t);
  if (!is_store(fd)) return real_pwritev(fd, pieces, count, at);
  uint64_t call = writing(fd, at, pieces, count);
  ssize_t result = real_pwritev(fd, pieces, count, at);
  after(WRITE, fd, call, result);
  return result;
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t at) {
  return pwritev(fd, pieces, count, at);
}

ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(ssize_t, write, int, const void *, size_t);
  struct iovec piece = {(void *)bytes, length};
  enum kind kind = is_store(fd) ? WRITE : SEND;
  if (kind == SEND && (log_fd < 0 || !is_socket(fd))) return real_write(fd, bytes, length);
  uint64_t call = kind == WRITE ? writing(fd, lseek(fd, 0, SEEK_CUR), &piece, 1)
                                : before(SEND, fd, 0, 0, &piece, 1);
  ssize_t result = real_write(fd, bytes, length);
  after(kind, fd, call, result);
  return result;
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
  REAL(ssize_t, writev, int, const struct iovec *, int);
  enum kind kind = is_store(fd) ? WRITE : SEND;
  if (kind == SEND && (log_fd < 0 || !is_socket(fd))) return real_writev(fd, pieces, count);
  uint64_t call = kind == WRITE ? writing(fd, lseek(fd, 0, SEEK_CUR), pieces, count)
                                : before(SEND, fd, 0, 0, pieces, count);
  ssize_t result = real_writev(fd, pieces, count);
  after(kind, fd, call, result);
  return result;
}

/* A runtime may open folders by a call of its own, so a folder is known by its path when it is synced. */
static enum kind sync_of(int fd) {
  if (is_store(fd)) return SYNC;
  return log_fd >= 0 && is_at(fd, folder) ? SYNC_FOLDER : 0;
}

static int synced(int fd, int (*sync)(int)) {
  enum kind kind = sync_of(fd);
  if (kind == 0) return sync(fd);
  uint64_t call = before(kind, fd, 0, 0, NULL, 0);
  int result = sync(fd);
  after(kind, fd, call, result);
  return result;
}

int fdatasync(int fd) {
  REAL(int, fdatasync, int);
  return synced(fd, real_fdatasync);
}

int fsync(int fd) {
  REAL(int, fsync, int);
  return synced(fd, real_fsync);
}

int ftruncate(int fd, off_t length) {
  REAL(int, ftruncate, int, off_t);
  if (!is_store(fd)) return real_ftruncate(fd, length);
  uint64_t call = before(TRUNCATE, fd, length, 0, NULL, 0);
  int result = real_ftruncate(fd, length);
  after(TRUNCATE, fd, call, result);
  return result;
}

int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t at) {
  REAL(void *, mmap, void *, size_t, int, int, int, off_t);
  /* What is written through memory cannot be seen here; whoever reads the log takes this as a failure. */
  if ((protection & PROT_WRITE) && (flags & MAP_SHARED) && is_store(fd)) before(MAPPED, fd, at, 0, NULL, 0);
  return real_mmap(address, length, protection, flags, fd, at);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t at) {
  return mmap(address, length, protection, flags, fd, at);
}

ssize_t send(int fd, const void *bytes, size_t length, int flags) {
  REAL(ssize_t, send, int, const void *, size_t, int);
  struct iovec piece = {(void *)bytes, length};
  uint64_t call = before(SEND, fd, 0, 0, &piece, 1);
  ssize_t result = real_send(fd, bytes, length, flags);
  after(SEND, fd, call, result);
  return result;
}

ssize_t sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to,
               socklen_t to_length) {
  REAL(ssize_t, sendto, int, const void *, size_t, int, const struct sockaddr *, socklen_t);
  struct iovec piece = {(void *)bytes, length};
  uint64_t call = before(SEND, fd, 0, 0, &piece, 1);
  ssize_t result = real_sendto(fd, bytes, length, flags, to, to_length);
  after(SEND, fd, call, result);
  return result;
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  REAL(ssize_t, sendmsg, int, const struct msghdr *, int);
  uint64_t call = before(SEND, fd, 0, 0, message->msg_iov, (int)message->msg_iovlen);
  ssize_t result = real_sendmsg(fd, message, flags);
  after(SEND, fd, call, result);
  return result;
}
