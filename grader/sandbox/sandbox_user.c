/* Who the sandboxed command is, and the one folder where it may write. */
#include "grader/sandbox/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

bool sandbox_become(uid_t user)
{
    return geteuid() != 0 || user == 0 ||
           (setgroups(0, NULL) == 0 && setresgid(user, user, user) == 0 &&
            setresuid(user, user, user) == 0);
}

/* Inside of some containers only small numbers are users. */
static bool can_become(uid_t user)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(sandbox_become(user) ? 0 : 1);
    int status = 1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* The name (unix(7), abstract) leaves no file behind, and ends with the last process that has it. */
static bool has_name(unsigned number)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const int length =
        snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "sandbox-users-%u", number);
    const int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    if (file < 0)
        return true;
    if (bind(file, (const struct sockaddr *)&name, size) == 0 || errno != EADDRINUSE)
        return true; /* the file stays open */
    close(file);
    return false;
}

unsigned sandbox_claim(unsigned wish, unsigned numbers)
{
    for (unsigned i = 0; i < numbers; i++)
        if (has_name((wish + i) % numbers))
            return (wish + i) % numbers;
    return wish % numbers;
}

/* Two graders at the same time must not share users: limits on processes count per user, and what is left of a run is
 * ended by its user. */
static uid_t first_user(void)
{
    static uid_t first;
    if (first == 0) {
        uid_t number = (uid_t)getpid() * SANDBOX_SLOTS;
        first = 1000000000u + number;
        if (!can_become(first))
            first =
                40000u + SANDBOX_SLOTS * sandbox_claim((unsigned)getpid(), 20000u / SANDBOX_SLOTS);
        if (!can_become(first))
            first = 65534u - SANDBOX_SLOTS; /* nobody */
    }
    return first;
}

uid_t sandbox_user(int slot)
{
    return geteuid() == 0 ? first_user() + (uid_t)(slot % SANDBOX_SLOTS) : geteuid();
}

bool sandbox_has_users(void)
{
    return geteuid() != 0 || can_become(first_user());
}

bool sandbox_writable_folder(const char *path, uid_t user, GString *error)
{
    if (mkdir(path, 0700) != 0 || chmod(path, 0700) != 0 ||
        (geteuid() == 0 && chown(path, user, user) != 0)) {
        g_string_append_printf(error, "%s: %s", path, strerror(errno));
        return false;
    }
    return true;
}
