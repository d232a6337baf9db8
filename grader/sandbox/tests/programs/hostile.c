/*
 * hostile WHAT: takes what it can get, for tests of the sandbox. Bombs take 300 MiB at most and then wait for
 * their end.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of the sanitizers, where it is built with them: they look for leaks by ptrace, which the sandbox refuses. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

#define MIB ((size_t)1 << 20)

static char page[1 << 20];

static void wait_for_end(void)
{
    for (int i = 0; i < 60; i++)
        sleep(1);
}

static void fill(int file, size_t bytes)
{
    for (size_t written = 0; written < bytes; written += sizeof page)
        if (write(file, page, sizeof page) != (ssize_t)sizeof page) {
            perror("write");
            break;
        }
}

/* ---- memory that nobody maps ------------------------------------------------------------------- */

static void memfd(void)
{
    for (int i = 0; i < 5; i++)
        fill(memfd_create("nobody maps it", 0), 60 * MIB);
    wait_for_end();
}

/* The descriptor is not even open any more: it waits in a socket. */
static void memfd_in_flight(void)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
        return;
    for (int i = 0; i < 5; i++) {
        union {
            struct cmsghdr header;
            char room[CMSG_SPACE(sizeof(int))];
        } control = {0};
        struct iovec byte = {.iov_base = page, .iov_len = 1};
        struct msghdr message = {.msg_iov = &byte,
                                 .msg_iovlen = 1,
                                 .msg_control = control.room,
                                 .msg_controllen = sizeof control.room};
        const int file = memfd_create("sent away", 0);
        fill(file, 60 * MIB);
        struct cmsghdr *first = CMSG_FIRSTHDR(&message);
        first->cmsg_level = SOL_SOCKET;
        first->cmsg_type = SCM_RIGHTS;
        first->cmsg_len = CMSG_LEN(sizeof file);
        memcpy(CMSG_DATA(first), &file, sizeof file);
        if (sendmsg(pair[0], &message, 0) < 0)
            perror("sendmsg");
        close(file);
    }
    wait_for_end();
}

static void segments(void)
{
    for (int i = 0; i < 5; i++) {
        const int segment = shmget(IPC_PRIVATE, 60 * MIB, 0600);
        char *memory = segment < 0 ? (char *)-1 : shmat(segment, NULL, 0);
        if (memory == (char *)-1) {
            puts("refused");
            return;
        }
        memset(memory, 1, 60 * MIB);
        shmdt(memory);
    }
    wait_for_end();
}

static void files_in_tmp(void)
{
    const char *const folders[] = {"/tmp", "/dev/shm"};
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 3; k++) {
            char path[64];
            snprintf(path, sizeof path, "%s/left-%d", folders[i], k);
            const int file = open(path, O_CREAT | O_WRONLY, 0600);
            fill(file, 40 * MIB);
            close(file);
        }
    wait_for_end();
}

/* 150 MiB, however many processes look at them. */
static void shared_by_all(void)
{
    const int file = memfd_create("shared", 0);
    fill(file, 60 * MIB);
    char *named = mmap(NULL, 60 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *other = mmap(NULL, 90 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            memset(named, 2, 60 * MIB);
            memset(other, 2, 90 * MIB);
            sleep(1);
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    puts("done");
}

/* ---- disks that no folder shows ------------------------------------------------------------------- */

static void deleted_files(void)
{
    for (int i = 0; i < 30; i++) {
        const int file = open("deleted", O_CREAT | O_RDWR, 0600);
        unlink("deleted");
        fill(file, MIB);
    }
    wait_for_end();
}

static void deep_folders(void)
{
    for (int i = 0; i < 3000; i++)
        if (mkdir("deeper", 0700) != 0 || chdir("deeper") != 0)
            break;
    wait_for_end();
}

static void locked_folders(void)
{
    if (mkdir("a", 0700) == 0 && mkdir("a/b", 0700) == 0) {
        const int file = open("a/b/large", O_CREAT | O_WRONLY, 0);
        fill(file, 20 * MIB);
        close(file);
    }
    chmod("a/b", 0);
    chmod("a", 0);
    chmod(".", 0);
    wait_for_end();
}

/* Where everybody may write. */
static void left_files(void)
{
    const char *const folders[] = {"/tmp", "/var/tmp", "/dev/shm"};
    for (int i = 0; i < 3; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/left-by-hostile-%d", folders[i], (int)getpid());
        mkdir(path, 0700);
    }
}

/* ---- system calls --------------------------------------------------------------------------------- */

static void must_fail(const char *name, long result, int expected)
{
    if (result >= 0 || errno != expected)
        printf("%s: %s\n", name, result >= 0 ? "worked" : strerror(errno));
}

/* Says what was not refused. */
static void refused_calls(void)
{
    static char text[] = "x";
    must_fail("add_key", syscall(SYS_add_key, "user", "mine", "secret", 6, -2), EPERM);
    must_fail("request_key", syscall(SYS_request_key, "user", "theirs", NULL, 0), EPERM);
    must_fail("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, -3, 0), EPERM);
    must_fail("unshare", unshare(CLONE_NEWUSER), EPERM);
    must_fail("unshare of files", unshare(CLONE_FILES), EPERM);
    must_fail("clone of a user name space", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0),
              EPERM);
    must_fail("clone of a network", syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0), EPERM);
    must_fail("clone3", syscall(SYS_clone3, NULL, 0), ENOSYS);
    must_fail("setns", setns(0, 0), EPERM);
    must_fail("mount", syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, "size=1m"), EPERM);
    must_fail("fsopen", syscall(SYS_fsopen, "tmpfs", 0), EPERM);
    must_fail("bpf", syscall(SYS_bpf, 0, NULL, 0), EPERM);
    must_fail("perf_event_open", syscall(SYS_perf_event_open, NULL, 0, 0, -1, 0), EPERM);
    must_fail("userfaultfd", syscall(SYS_userfaultfd, 0), EPERM);
    must_fail("memfd_secret", syscall(SYS_memfd_secret, 0), EPERM);
    must_fail("io_uring_setup", syscall(SYS_io_uring_setup, 1, NULL), EPERM);
    must_fail("ptrace", syscall(SYS_ptrace, 0, 0, 0, 0), EPERM);
    must_fail("process_vm_readv", syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0),
              EPERM);
    must_fail("pidfd_getfd", syscall(SYS_pidfd_getfd, 0, 0, 0), EPERM);
    must_fail("inotify_init1", syscall(SYS_inotify_init1, 0), EPERM);
    must_fail("fanotify_init", syscall(SYS_fanotify_init, 0, 0), EPERM);
    must_fail("syslog", syscall(SYS_syslog, 10, NULL, 0), EPERM);
    must_fail("a socket to the virtual machine's host", socket(AF_VSOCK, SOCK_STREAM, 0),
              EAFNOSUPPORT);
    must_fail("a socket of the kernel's cryptography", socket(AF_ALG, SOCK_SEQPACKET, 0),
              EAFNOSUPPORT);
    must_fail("a raw socket", socket(AF_PACKET, SOCK_RAW, 0), EAFNOSUPPORT);
    must_fail("TIOCSTI", ioctl(0, TIOCSTI, text), EPERM);
    must_fail("TIOCSTI with more bits", syscall(SYS_ioctl, 0, TIOCSTI | 1ul << 32, text), EPERM);
    must_fail("a lease", fcntl(0, F_SETLEASE, F_RDLCK), EPERM);
    must_fail("hiding", prctl(PR_SET_DUMPABLE, 0), EPERM);
}

/* What cannot be made where it would stay. */
static void left_behind(void)
{
    must_fail("shmget", shmget(IPC_PRIVATE, 4096, 0600), EPERM);
    must_fail("msgget", msgget(IPC_PRIVATE, 0600), EPERM);
    must_fail("mq_open", syscall(SYS_mq_open, "mine", O_CREAT | O_RDWR, 0600, NULL), EPERM);
}

static void *nothing(void *argument)
{
    return argument;
}

/* Says what does not work that programs need. */
static void allowed_calls(void)
{
    const int families[] = {AF_UNIX, AF_INET, AF_NETLINK};
    pthread_t thread;
    int ends[2];
    for (int i = 0; i < 3; i++)
        if (socket(families[i], families[i] == AF_NETLINK ? SOCK_RAW : SOCK_STREAM, 0) < 0)
            printf("socket %d: %s\n", families[i], strerror(errno));
    if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0)
        puts("no thread");
    if (pipe(ends) != 0 || memfd_create("file", 0) < 0)
        perror("file");
    const pid_t child = fork();
    if (child == 0)
        _exit(0);
    if (child < 0 || waitpid(child, NULL, 0) != child)
        puts("no process");
}

static void limits(void)
{
    const struct {
        int which;
        const char *name;
        rlim_t most;
    } all[] = {{RLIMIT_NOFILE, "descriptors", 16384},
               {RLIMIT_MEMLOCK, "locked memory", 8 << 20},
               {RLIMIT_SIGPENDING, "signals", 4096},
               {RLIMIT_MSGQUEUE, "queues", 800 << 10},
               {RLIMIT_RTPRIO, "real time", 0},
               {RLIMIT_NICE, "nice", 0},
               {RLIMIT_CORE, "core", 1}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct rlimit limit;
        if (getrlimit(all[i].which, &limit) != 0 || limit.rlim_max > all[i].most)
            printf("%s: %lu\n", all[i].name, (unsigned long)limit.rlim_max);
    }
    if (setpriority(PRIO_PROCESS, 0, -5) == 0)
        puts("nice");
    const struct sched_param real_time = {.sched_priority = 1};
    if (sched_setscheduler(0, SCHED_FIFO, &real_time) == 0)
        puts("real time");
}

int main(int count, char **words)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } all[] = {{"memfd", memfd},
               {"memfd_in_flight", memfd_in_flight},
               {"segments", segments},
               {"files_in_tmp", files_in_tmp},
               {"shared_by_all", shared_by_all},
               {"left_files", left_files},
               {"deleted_files", deleted_files},
               {"deep_folders", deep_folders},
               {"locked_folders", locked_folders},
               {"refused_calls", refused_calls},
               {"left_behind", left_behind},
               {"allowed_calls", allowed_calls},
               {"limits", limits}};
    memset(page, 1, sizeof page);
    for (size_t i = 0; count == 2 && i < sizeof all / sizeof *all; i++)
        if (strcmp(words[1], all[i].name) == 0) {
            all[i].run();
            return 0;
        }
    return 2;
}
