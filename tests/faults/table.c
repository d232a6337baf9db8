/* Which faults are tried. */
#include "tests/faults/faults.h"

static const struct fault_row calls[] = {
    {"mkdir", "ENOSPC EACCES ENOMEM EIO", NULL},
    {"chmod", "EPERM EIO", NULL},
    {"chown", "EPERM EIO", NULL},
    {"open", "EACCES EMFILE ENOMEM EIO EINTR", "to read"},
    {"open proc", "EACCES EMFILE ENOMEM", "below /proc"},
    {"create", "ENOSPC EACCES EMFILE EIO EINTR", "to write"},
    {"read", "EIO EINTR ENOMEM", NULL},
    {"write", "ENOSPC EIO EINTR", NULL},
    {"short write", "ENOSPC", "half of the bytes"},
    {"fwrite", "ENOSPC EIO", "and fputs, but to standard error"},
    {"fflush", "ENOSPC EIO", "and fclose"},
    {"rename", "ENOSPC EACCES EIO", NULL},
    {"fsync", "ENOSPC EIO EINTR", NULL},
    {"stat", "EACCES ENOMEM EIO", NULL},
    {"access", "EACCES EIO", NULL},
    {"realpath", "EACCES ENOMEM", "of data"},
    {"statvfs", "EACCES EIO", NULL},
    {"opendir", "EACCES EMFILE ENOMEM", NULL},
    {"readdir", "EIO", NULL},
    {"unlink", "EACCES EIO", "and rmdir"},
    {"flock", "EINTR ENOLCK", NULL},
    {"memfd_create", "ENOMEM EMFILE", NULL},
    {"malloc", "ENOMEM", "32 KiB or more"},
    {"fork", "EAGAIN ENOMEM", NULL},
    {"fdopen", "ENOMEM EMFILE", NULL},
    {"pipe2", "EMFILE ENOMEM", NULL},
    {"dup2", "EMFILE EINTR", NULL},
    {"fcntl", "EAGAIN EINTR", NULL},
    {"setrlimit", "EPERM", NULL},
    {"prctl", "EPERM", NULL},
    {"setresuid", "EPERM EAGAIN", NULL},
    {"setresgid", "EPERM", NULL},
    {"setgroups", "EPERM ENOMEM", NULL},
    {"setpgid", "EPERM", NULL},
    {"chdir", "EACCES", NULL},
    {"execvp", "EACCES ENOMEM ENOENT EAGAIN", NULL},
    {"poll", "EINTR ENOMEM", NULL},
    {"waitpid", "EINTR", NULL},
    {"kill", "EPERM", NULL},
    {0},
};

#define WAYS "missing not-executable SIGKILL SIGSEGV SIGILL silent no-space hangs"

static const struct fault_row programs[] = {
    {"bwrap", WAYS, "the sandbox"},
    {"gcc", WAYS, NULL},
    {"cc1", WAYS, "the compiler"},
    {"as", WAYS, "the assembler"},
    {"collect2", WAYS, NULL},
    {"ld.gold", WAYS, "the linker"},
    {"ld.bfd", WAYS, "the compiler's own linker"},
    {"nm", WAYS, NULL},
    {"objdump", WAYS, NULL},
    {"awk", WAYS, NULL},
    {"sh", WAYS, NULL},
    {"bash", WAYS, NULL},
    {"mpirun", WAYS, NULL},
    {"smpirun", WAYS, NULL},
    {"smpimain", WAYS, "the simulator"},
    {"tee", WAYS, NULL},
    {"mktemp", WAYS, NULL},
    {"sed", WAYS, NULL},
    {"rm", WAYS, NULL},
    {"true", WAYS, NULL},
    {"gnuplot", WAYS, NULL},
    {"addr2line", WAYS, NULL},
    {"timeout", WAYS, NULL},
    {0},
};

static const struct fault_row places[] = {
    {"TMPDIR", "full read-only no-inodes noexec not-there private filling", NULL},
    {"OUT", "full read-only no-inodes", "the folder of the reports"},
    {"stdout", "full closed", "where the report is printed"},
    {"build", "no-archive cut-archive no-flags empty-flags", "where the kit was built"},
    {"dev-shm", "full", NULL},
    {0},
};

static const struct fault_row kills[] = {
    {"program", "once always", "a rank"},
    {"orterun", "once always", "mpirun"},
    {"bwrap", "once always", "the sandbox"},
    {"cc1", "once always", "the compiler"},
    {"ld.gold", "once always", "the linker"},
    {"nm", "once always", NULL},
    {"grade", "once always", "a worker"},
    {"smpimain", "once always", "the simulator"},
    {0},
};

const struct fault_row *fault_rows(enum fault_kind kind)
{
    static const struct fault_row *const rows[] = {[FAULT_CALL] = calls,
                                                   [FAULT_PROGRAM] = programs,
                                                   [FAULT_PLACE] = places,
                                                   [FAULT_KILL] = kills};
    return rows[kind];
}

const char *fault_kind_name(enum fault_kind kind)
{
    static const char *const names[] = {[FAULT_CALL] = "call",
                                        [FAULT_PROGRAM] = "program",
                                        [FAULT_PLACE] = "place",
                                        [FAULT_KILL] = "kill"};
    return names[kind];
}

const char *fault_end_name(enum fault_end end)
{
    static const char *const names[] = {
        [FAULT_FULL] = "full marks",           [FAULT_NOT_JUDGED] = "not judged",
        [FAULT_REFUSED] = "refused",           [FAULT_FAILED] = "failed",
        [FAULT_SKIPPED] = "skipped",           [FAULT_COSTS] = "COSTS A POINT",
        [FAULT_PASSES] = "A WRONG ONE PASSES", [FAULT_BLAMES_KIT] = "BLAMES THE KIT",
        [FAULT_NO_WORD] = "WITHOUT A WORD",    [FAULT_HANGS] = "HANGS",
        [FAULT_LEAVES] = "LEAVES SOMETHING"};
    return names[end];
}
