/*
 * The filter: everything is allowed but what reaches other people's things, outlives the run or takes
 * memory that no limit counts. docs/sandbox.md has the whole list of such kinds, and who bounds each.
 * A refused call fails with EPERM, as for want of a privilege; a program can go on without.
 */
#include "grader/sandbox/sandbox_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* By name, because an older library does not know all of them; what the kernel does not know, either,
 * nobody can call. */
static const char *const refused[] = {
    /* keys: of whoever grades, Kerberos tickets among them; and what is left there stays */
    "add_key", "request_key", "keyctl",
    /* name spaces and mounts: a file system in memory of any size */
    "unshare", "setns", "mount", "umount2", "pivot_root", "fsopen", "fsconfig", "fsmount", "fspick",
    "open_tree", "move_mount", "mount_setattr",
    /* memory that is nobody's, and doors into the kernel that no program of a course needs */
    "bpf", "perf_event_open", "userfaultfd", "memfd_secret", "io_uring_setup", "io_uring_enter",
    "io_uring_register",
    /* other processes, which without name spaces are the grader's, too */
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp",
    /* files by number instead of by name; watches, of which a user has few */
    "open_by_handle_at", "fanotify_init", "inotify_init", "inotify_init1",
    /* what the kernel told the administrator */
    "syslog"};

/* They have no owner that ends: what is made stays. Each sandbox has its own where there are name spaces. */
static const char *const refused_without_name_spaces[] = {"shmget", "semget", "msgget", "mq_open"};

static const uint64_t name_spaces[] = {CLONE_NEWNS,  CLONE_NEWUTS, CLONE_NEWIPC,   CLONE_NEWUSER,
                                       CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP};

/* Local ones, the loopback's, and netlink, by which libraries list interfaces. Others reach hardware, the
 * host of a virtual machine (AF_VSOCK knows no name spaces) or the kernel's cryptography. */
static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

static bool refuse(scmp_filter_ctx filter, const char *name)
{
    const int call = seccomp_syscall_resolve_name(name);
    return call == __NR_SCMP_ERROR || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0) == 0;
}

static bool refuse_if(scmp_filter_ctx filter, int error, int call, struct scmp_arg_cmp argument)
{
    return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(error), call, 1, &argument) == 0;
}

/* Of a number of 32 bits the kernel ignores the other half of the register: so must the comparison. */
#define IS(argument, value) argument(SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)(value))

static bool refuse_name_spaces(scmp_filter_ctx filter)
{
    /* Its flags lie in memory, where no filter sees them. The C library then uses clone. */
    bool done = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
    for (size_t i = 0; i < G_N_ELEMENTS(name_spaces); i++)
        done = done && refuse_if(filter, EPERM, SCMP_SYS(clone),
                                 SCMP_A0(SCMP_CMP_MASKED_EQ, name_spaces[i], name_spaces[i]));
    return done;
}

static bool refuse_families(scmp_filter_ctx filter)
{
    bool done = true;
    int next = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        for (; next < families[i]; next++)
            done = done && refuse_if(filter, EAFNOSUPPORT, SCMP_SYS(socket), IS(SCMP_A0, next));
        next = families[i] + 1;
    }
    return done &&
           refuse_if(filter, EAFNOSUPPORT, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_GE, (uint64_t)next));
}

static bool refuse_arguments(scmp_filter_ctx filter)
{
    return /* letters that look as if somebody had typed them */
        refuse_if(filter, EPERM, SCMP_SYS(ioctl), IS(SCMP_A1, TIOCSTI)) &&
        refuse_if(filter, EPERM, SCMP_SYS(ioctl), IS(SCMP_A1, TIOCLINUX)) &&
        /* makes whoever opens the file wait, and tells who did */
        refuse_if(filter, EPERM, SCMP_SYS(fcntl), IS(SCMP_A1, F_SETLEASE)) &&
        refuse_if(filter, EPERM, SCMP_SYS(fcntl), IS(SCMP_A1, F_NOTIFY)) &&
        /* hides from the grader what a process holds */
        refuse_if(filter, EPERM, SCMP_SYS(prctl), IS(SCMP_A0, PR_SET_DUMPABLE));
}

/* Programs for another kind of processor (32 bits) can call nothing at all. */
static bool add_rules(scmp_filter_ctx filter, bool isolated)
{
    bool done = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM)) == 0 &&
                seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
        done = done && refuse(filter, refused[i]);
    for (size_t i = 0; !isolated && i < G_N_ELEMENTS(refused_without_name_spaces); i++)
        done = done && refuse(filter, refused_without_name_spaces[i]);
    return done && refuse_name_spaces(filter) && refuse_families(filter) &&
           refuse_arguments(filter);
}

/* The library writes instructions into files only. */
static struct sock_fprog *read_instructions(scmp_filter_ctx filter)
{
    struct stat status;
    const int file = memfd_create("filter", MFD_CLOEXEC);
    struct sock_fprog *made = NULL;
    if (file >= 0 && seccomp_export_bpf(filter, file) == 0 && fstat(file, &status) == 0) {
        made = g_new0(struct sock_fprog, 1);
        made->len = (unsigned short)((size_t)status.st_size / sizeof *made->filter);
        made->filter = g_malloc((size_t)status.st_size);
        if (pread(file, made->filter, (size_t)status.st_size, 0) != status.st_size) {
            g_free(made->filter);
            g_clear_pointer(&made, g_free);
        }
    }
    if (file >= 0)
        close(file);
    return made;
}

bool sandbox_filter(bool isolated, const struct sock_fprog **filter)
{
    static struct sock_fprog *made[2];
    *filter = made[isolated];
    if (made[isolated] || prctl(PR_GET_SECCOMP) < 0)
        return true;
    errno = ENOMEM; /* the library does not always say */
    scmp_filter_ctx rules = seccomp_init(SCMP_ACT_ALLOW);
    if (rules && add_rules(rules, isolated))
        made[isolated] = read_instructions(rules);
    const int why = errno;
    seccomp_release(rules);
    errno = why;
    *filter = made[isolated];
    return *filter;
}

bool sandbox_filter_load(const struct sock_fprog *filter)
{
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) == 0;
}

int sandbox_filter_file(const struct sock_fprog *filter)
{
    const ssize_t bytes = (ssize_t)(filter->len * sizeof *filter->filter);
    const int file = memfd_create("filter", 0);
    if (file < 0)
        return -1;
    if (write(file, filter->filter, (size_t)bytes) == bytes && lseek(file, 0, SEEK_SET) == 0)
        return file;
    close(file);
    return -1;
}
