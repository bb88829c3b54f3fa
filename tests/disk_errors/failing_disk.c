/* Preloaded into a server: its writes, syncs or reads of chosen files fail with EIO while a shared page says so.
 * FOREBAY_FAILING_DISK names that page: three ints (fail writes, syncs, reads), then the part of a path that
 * chooses the files. It lies beneath everything, RocksDB too. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

struct Control {
  volatile int writes, syncs, reads, failures;
  volatile char part[64];
};

static struct Control* control;

__attribute__((constructor)) static void MapControl(void) {
  const char* path = getenv("FOREBAY_FAILING_DISK");
  int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void* page = mmap(NULL, sizeof(struct Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (page != MAP_FAILED) control = page;
  close(file);
}

static int IsChosen(int file) {
  char link[64], path[4096];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
  ssize_t size = readlink(link, path, sizeof(path) - 1);
  if (size <= 0) return 0;
  path[size] = '\0';
  return strstr(path, (const char*)control->part) != NULL;
}

static int Fails(int file, volatile int* kind) {
  int before = errno;
  int fails = *kind && IsChosen(file);
  errno = fails ? EIO : before;
  if (fails) __sync_fetch_and_add(&control->failures, 1);
  return fails;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL_IF(kind) \
  if (control != NULL && Fails(file, &control->kind)) return -1

ssize_t write(int file, const void* bytes, size_t size) {
  FAIL_IF(writes);
  return REAL(write)(file, bytes, size);
}

ssize_t writev(int file, const struct iovec* parts, int count) {
  FAIL_IF(writes);
  return REAL(writev)(file, parts, count);
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  FAIL_IF(writes);
  return REAL(pwrite)(file, bytes, size, at);
}

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
  FAIL_IF(writes);
  return REAL(pwrite64)(file, bytes, size, at);
}

ssize_t pwritev(int file, const struct iovec* parts, int count, off_t at) {
  FAIL_IF(writes);
  return REAL(pwritev)(file, parts, count, at);
}

ssize_t pwritev64(int file, const struct iovec* parts, int count, off64_t at) {
  FAIL_IF(writes);
  return REAL(pwritev64)(file, parts, count, at);
}

int fsync(int file) {
  FAIL_IF(syncs);
  return REAL(fsync)(file);
}

int fdatasync(int file) {
  FAIL_IF(syncs);
  return REAL(fdatasync)(file);
}

ssize_t read(int file, void* bytes, size_t size) {
  FAIL_IF(reads);
  return REAL(read)(file, bytes, size);
}

ssize_t pread(int file, void* bytes, size_t size, off_t at) {
  FAIL_IF(reads);
  return REAL(pread)(file, bytes, size, at);
}

ssize_t pread64(int file, void* bytes, size_t size, off64_t at) {
  FAIL_IF(reads);
  return REAL(pread64)(file, bytes, size, at);
}
