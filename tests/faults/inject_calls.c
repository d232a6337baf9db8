/*
 * The functions of the C library whose calls can be made to fail (inject.c).
 *
 * Glibc's own calls inside of other functions (of fopen, say) can't be seen, so those functions stand here too.
 */
#include "tests/faults/inject_calls.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LARGE ((size_t)32 << 10) /* bytes, from which on memory is refused */

/* Where the file system comes into play: pipes and terminals don't run full. */
static bool is_file(int file)
{
    const int kept = errno;
    struct statx status;
    const bool is = syscall(SYS_statx, file, "", AT_EMPTY_PATH, STATX_TYPE, &status) == 0 &&
                    S_ISREG(status.stx_mode);
    errno = kept;
    return is;
}

static void *next(const char *name)
{
    const int kept = errno;
    void *function = dlsym(RTLD_NEXT, name);
    errno = kept;
    return function;
}

/* Defines `name`, which returns `failed` where the function `wish` is to fail. */
#define CALL_AS(type, name, wish, failed, parameters, arguments)                                   \
    type name parameters;                                                                          \
    type name parameters                                                                           \
    {                                                                                              \
        static type(*real) parameters;                                                             \
        if (inject_fails(wish))                                                                    \
            return failed;                                                                         \
        if (!real)                                                                                 \
            real = (type(*) parameters)next(#name);                                                \
        return real arguments;                                                                     \
    }
#define CALL(type, name, failed, parameters, arguments)                                            \
    CALL_AS(type, name, #name, failed, parameters, arguments)

/* ---- folders and files ------------------------------------------------------------------------- */

CALL(int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
CALL(int, chmod, -1, (const char *path, mode_t mode), (path, mode))
CALL_AS(int, fchmod, "chmod", -1, (int file, mode_t mode), (file, mode))
CALL(int, chown, -1, (const char *path, uid_t user, gid_t group), (path, user, group))
CALL_AS(int, lchown, "chown", -1, (const char *path, uid_t user, gid_t group), (path, user, group))
CALL(int, rename, -1, (const char *from, const char *to), (from, to))
CALL(int, unlink, -1, (const char *path), (path))
CALL_AS(int, unlinkat, "unlink", -1, (int folder, const char *path, int flags),
        (folder, path, flags))
CALL_AS(int, rmdir, "unlink", -1, (const char *path), (path))
CALL(int, fsync, -1, (int file), (file))
CALL(int, stat, -1, (const char *path, struct stat *status), (path, status))
CALL_AS(int, stat64, "stat", -1, (const char *path, struct stat64 *status), (path, status))
CALL_AS(int, lstat, "stat", -1, (const char *path, struct stat *status), (path, status))
CALL_AS(int, lstat64, "stat", -1, (const char *path, struct stat64 *status), (path, status))
CALL_AS(int, fstat, "stat", -1, (int file, struct stat *status), (file, status))
CALL_AS(int, fstat64, "stat", -1, (int file, struct stat64 *status), (file, status))
CALL_AS(int, fstatat, "stat", -1, (int folder, const char *path, struct stat *status, int flags),
        (folder, path, status, flags))
CALL(int, access, -1, (const char *path, int mode), (path, mode))
CALL(int, statvfs, -1, (const char *path, struct statvfs *space), (path, space))
CALL_AS(int, statvfs64, "statvfs", -1, (const char *path, struct statvfs64 *space), (path, space))
CALL(int, posix_fallocate, inject_number, (int file, off_t offset, off_t size),
     (file, offset, size))
CALL_AS(int, posix_fallocate64, "posix_fallocate", inject_number,
        (int file, off64_t offset, off64_t size), (file, offset, size))
CALL(int, flock, -1, (int file, int operation), (file, operation))
CALL(DIR *, opendir, NULL, (const char *path), (path))
CALL_AS(DIR *, fdopendir, "opendir", NULL, (int file), (file))
CALL(struct dirent *, readdir, NULL, (DIR * folder), (folder))
CALL_AS(struct dirent64 *, readdir64, "readdir", NULL, (DIR * folder), (folder))
CALL(FTS *, fts_open, NULL,
     (char *const *paths, int options, int (*compare)(const FTSENT **, const FTSENT **)),
     (paths, options, compare))
CALL(FTSENT *, fts_read, NULL, (FTS * walk), (walk))
CALL(char *, realpath, NULL, (const char *path, char *resolved), (path, resolved))

static bool is_process_file(const char *path)
{
    return strncmp(path, "/proc/", 6) == 0;
}

/* Which of the names "open proc", "create" and "open" a call has. */
static bool open_fails(const char *path, int flags)
{
    return inject_fails(is_process_file(path)                   ? "open proc"
                        : flags & (O_CREAT | O_WRONLY | O_RDWR) ? "create"
                                                                : "open");
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...);                                                    \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        static int (*real)(const char *, int, ...);                                                \
        va_list list;                                                                              \
        va_start(list, flags);                                                                     \
        const mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;                            \
        va_end(list);                                                                              \
        if (open_fails(path, flags))                                                               \
            return -1;                                                                             \
        if (!real)                                                                                 \
            real = (int (*)(const char *, int, ...))next(#name);                                   \
        return real(path, flags, mode);                                                            \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                               \
    int name(int folder, const char *path, int flags, ...);                                        \
    int name(int folder, const char *path, int flags, ...)                                         \
    {                                                                                              \
        static int (*real)(int, const char *, int, ...);                                           \
        va_list list;                                                                              \
        va_start(list, flags);                                                                     \
        const mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;                            \
        va_end(list);                                                                              \
        if (open_fails(path, flags))                                                               \
            return -1;                                                                             \
        if (!real)                                                                                 \
            real = (int (*)(int, const char *, int, ...))next(#name);                              \
        return real(folder, path, flags, mode);                                                    \
    }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                                                \
    FILE *name(const char *path, const char *mode);                                                \
    FILE *name(const char *path, const char *mode)                                                 \
    {                                                                                              \
        static FILE *(*real)(const char *, const char *);                                          \
        if (open_fails(path, mode[0] == 'r' && !strchr(mode, '+') ? O_RDONLY : O_WRONLY))          \
            return NULL;                                                                           \
        if (!real)                                                                                 \
            real = (FILE * (*)(const char *, const char *)) next(#name);                           \
        return real(path, mode);                                                                   \
    }
FOPEN(fopen)
FOPEN(fopen64)

/* ---- reading and writing -------------------------------------------------------------------------- */

#define READ(name, parameters, arguments)                                                          \
    ssize_t name parameters;                                                                       \
    ssize_t name parameters                                                                        \
    {                                                                                              \
        static ssize_t(*real) parameters;                                                          \
        if (!real)                                                                                 \
            real = (ssize_t(*) parameters)next(#name);                                             \
        return is_file(file) && inject_fails("read") ? -1 : real arguments;                        \
    }
READ(read, (int file, void *bytes, size_t size), (file, bytes, size))
READ(pread, (int file, void *bytes, size_t size, off_t at), (file, bytes, size, at))
READ(pread64, (int file, void *bytes, size_t size, off64_t at), (file, bytes, size, at))

/* "write" fails, "short write" takes half of the bytes. */
ssize_t write(int file, const void *bytes, size_t size)
{
    static ssize_t (*real)(int, const void *, size_t);
    if (!real)
        real = (ssize_t(*)(int, const void *, size_t))next("write");
    if (!is_file(file))
        return real(file, bytes, size);
    if (inject_fails("write"))
        return -1;
    return real(file, bytes, size > 1 && inject_fails("short write") ? size / 2 : size);
}

size_t fwrite(const void *bytes, size_t size, size_t count, FILE *file)
{
    static size_t (*real)(const void *, size_t, size_t, FILE *);
    if (!real)
        real = (size_t(*)(const void *, size_t, size_t, FILE *))next("fwrite");
    return is_file(fileno(file)) && inject_fails("fwrite") ? 0 : real(bytes, size, count, file);
}

int fputs(const char *text, FILE *file)
{
    static int (*real)(const char *, FILE *);
    if (!real)
        real = (int (*)(const char *, FILE *))next("fputs");
    return is_file(fileno(file)) && inject_fails("fwrite") ? EOF : real(text, file);
}

int fflush(FILE *file)
{
    static int (*real)(FILE *);
    if (!real)
        real = (int (*)(FILE *))next("fflush");
    return file && is_file(fileno(file)) && inject_fails("fflush") ? EOF : real(file);
}

int fclose(FILE *file)
{
    static int (*real)(FILE *);
    if (!real)
        real = (int (*)(FILE *))next("fclose");
    const bool loses = is_file(fileno(file)) && inject_fails("fflush");
    const int number_kept = errno, closed = real(file);
    if (loses)
        errno = number_kept;
    return loses ? EOF : closed;
}

/* ---- memory --------------------------------------------------------------------------------------- */

CALL(void *, mmap, MAP_FAILED,
     (void *at, size_t size, int protection, int flags, int file, off_t offset),
     (at, size, protection, flags, file, offset))
CALL_AS(void *, mmap64, "mmap", MAP_FAILED,
        (void *at, size_t size, int protection, int flags, int file, off64_t offset),
        (at, size, protection, flags, file, offset))
CALL(int, memfd_create, -1, (const char *name, unsigned flags), (name, flags))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    return size >= LARGE && inject_fails("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return count * size >= LARGE && inject_fails("malloc") ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return size >= LARGE && inject_fails("malloc") ? NULL : __libc_realloc(old, size);
}

/* ---- processes -------------------------------------------------------------------------------------- */

CALL(pid_t, fork, -1, (void), ())
CALL(int, pipe2, -1, (int ends[2], int flags), (ends, flags))
CALL_AS(int, pipe, "pipe2", -1, (int ends[2]), (ends))
CALL(int, dup2, -1, (int from, int to), (from, to))
CALL(int, setrlimit, -1, (__rlimit_resource_t which, const struct rlimit *limit), (which, limit))
CALL_AS(int, setrlimit64, "setrlimit", -1,
        (__rlimit_resource_t which, const struct rlimit64 *limit), (which, limit))
CALL(int, setresuid, -1, (uid_t real_user, uid_t user, uid_t saved), (real_user, user, saved))
CALL(int, setresgid, -1, (gid_t real_group, gid_t group, gid_t saved), (real_group, group, saved))
CALL(int, setgroups, -1, (size_t count, const gid_t *groups), (count, groups))
CALL(int, chdir, -1, (const char *path), (path))
CALL(int, execvp, -1, (const char *file, char *const *words), (file, words))
CALL(int, poll, -1, (struct pollfd * files, nfds_t count, int timeout), (files, count, timeout))
CALL(pid_t, waitpid, -1, (pid_t pid, int *status, int options), (pid, status, options))
CALL(int, kill, -1, (pid_t pid, int which), (pid, which))
CALL(int, setpgid, -1, (pid_t pid, pid_t group), (pid, group))
CALL_AS(int, posix_spawn, "spawn", inject_number,
        (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
         const posix_spawnattr_t *attributes, char *const *words, char *const *environment),
        (pid, path, actions, attributes, words, environment))
CALL_AS(int, posix_spawnp, "spawn", inject_number,
        (pid_t * pid, const char *path, const posix_spawn_file_actions_t *actions,
         const posix_spawnattr_t *attributes, char *const *words, char *const *environment),
        (pid, path, actions, attributes, words, environment))

CALL(FILE *, popen, NULL, (const char *command, const char *mode), (command, mode))
CALL(FILE *, fdopen, NULL, (int file, const char *mode), (file, mode))

int prctl(int option, ...)
{
    static int (*real)(int, ...);
    unsigned long more[4];
    va_list list;
    va_start(list, option);
    for (int i = 0; i < 4; i++)
        more[i] = va_arg(list, unsigned long);
    va_end(list);
    if (!real)
        real = (int (*)(int, ...))next("prctl");
    return inject_fails("prctl") ? -1 : real(option, more[0], more[1], more[2], more[3]);
}

int fcntl(int file, int command, ...)
{
    static int (*real)(int, int, ...);
    va_list list;
    va_start(list, command);
    void *argument = va_arg(list, void *);
    va_end(list);
    if (!real)
        real = (int (*)(int, int, ...))next("fcntl64");
    return inject_fails("fcntl") ? -1 : real(file, command, argument);
}
