/* The sandbox's child. Between fork and exec: no memory is asked for. */
#include "grader/sandbox/sandbox_child.h"

#include "grader/sandbox/sandbox_filter.h"
#include "grader/sandbox/sandbox_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel should end the sandbox first, not the grader, when the machine runs out of memory. */
static void volunteer_for_memory_shortage(void)
{
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    if (write(file, "1000", 4) != 4)
        errno = 0; /* a wish, not a need */
    close(file);
}

/* Else the keys of whoever grades can be read, and what is put beside them stays. Some containers
 * forbid the call: then the filter is all there is. */
static void leave_keys(void)
{
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
        errno = 0;
}

/* Leaves the command the standard streams, and bubblewrap what it reads and writes besides, each at its
 * number. *status moves there. */
static bool arrange_files(const struct sandbox_launch *launch, int *status)
{
    const int beyond = SANDBOX_STATUS_FILE + 1;
    const int moved = fcntl(*status, F_DUPFD_CLOEXEC, beyond);
    if (moved < 0)
        return false;
    *status = moved;
    close(SANDBOX_FILTER_FILE);
    if (launch->filter && launch->isolated) {
        const int made = sandbox_filter_file(launch->filter);
        if (made < 0 || (made != SANDBOX_FILTER_FILE && dup2(made, SANDBOX_FILTER_FILE) < 0))
            return false;
    }
    if (dup3(moved, SANDBOX_STATUS_FILE, launch->isolated ? 0 : O_CLOEXEC) < 0)
        return false;
    *status = SANDBOX_STATUS_FILE;
    closefrom(beyond);
    return true;
}

/* Bubblewrap needs the calls that the filter refuses, and sets it last. */
static bool set_filter(const struct sandbox_launch *launch)
{
    return launch->isolated || !launch->filter || sandbox_filter_load(launch->filter);
}

_Noreturn void sandbox_child(const struct sandbox_launch *launch, int output, int status)
{
    const struct sandbox_command *command = launch->command;
    int nothing = open("/dev/null", O_RDONLY);
    const char *doing = "open its standard streams";
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0)
        goto failed;
    volunteer_for_memory_shortage();
    setsid();
    sandbox_set_signals();
    doing = "set limits";
    if (!sandbox_set_limits(&command->limits, launch->threads))
        goto failed;
    doing = "become the sandbox's user";
    if (!sandbox_become(command->user))
        goto failed;
    leave_keys();
    doing = "give up privileges";
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        goto failed;
    doing = "enter the folder";
    if (!launch->isolated && command->folder && chdir(command->folder) != 0)
        goto failed;
    doing = "arrange its files";
    if (!arrange_files(launch, &status))
        goto failed;
    doing = "set the filter of system calls";
    if (!set_filter(launch))
        goto failed;
    doing = "start the program";
    environ = (char **)launch->environment->pdata;
    execvp(launch->words->pdata[0], (char **)launch->words->pdata);
failed:
    dprintf(status, "sandbox: can't %s: %s\n", doing, strerror(errno));
    _exit(1);
}
