/* Making a fault, in a mount name space that nobody else sees; see faults.h. */
#include "tests/faults/faults.h"

#include "grader/sandbox/process_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define INJECT   "faults/inject.so"
#define STAND_IN "faults/stand-in"

static bool complain(GString *why, const char *what)
{
    g_string_printf(why, "%s: %s", what, strerror(errno));
    return false;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int number;
} numbers[] = {{FAULT_COUNTED, 0}, {"ENOSPC", ENOSPC}, {"EACCES", EACCES}, {"EPERM", EPERM},
               {"ENOMEM", ENOMEM}, {"EMFILE", EMFILE}, {"EINTR", EINTR},   {"EIO", EIO},
               {"EAGAIN", EAGAIN}, {"ENOENT", ENOENT}, {"ENOLCK", ENOLCK}};

static bool make_call(const struct fault *fault, const struct fault_place *place, const char *build,
                      char ***environment)
{
    g_autofree char *library = g_build_filename(build, INJECT, NULL);
    g_autofree char *absolute = g_canonicalize_filename(library, NULL);
    int number = 0;
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (strcmp(numbers[i].name, fault->how) == 0)
            number = numbers[i].number;
    g_autofree char *code = g_strdup_printf("%d", number);
    g_autofree char *nth = g_strdup_printf("%d", fault->nth);
    *environment = g_environ_setenv(*environment, "LD_PRELOAD", absolute, TRUE);
    *environment = g_environ_setenv(*environment, "FAULT_CALL", fault->what, TRUE);
    *environment = g_environ_setenv(*environment, "FAULT_ERRNO", code, TRUE);
    *environment = g_environ_setenv(*environment, "FAULT_NTH", nth, TRUE);
    *environment = g_environ_setenv(*environment, "FAULT_COUNTER", place->counter, TRUE);
    return true;
}

/* ---- programs ------------------------------------------------------------------------------------ */

/* The file that runs under this name: of the PATH, else one of the compiler's own; NULL. */
static char *program_file(const char *name)
{
    g_autofree char *found = g_find_program_in_path(name);
    if (!found) {
        g_autofree char *ask = g_strdup_printf("gcc -print-prog-name=%s", name);
        g_spawn_command_line_sync(ask, &found, NULL, NULL, NULL);
        if (found)
            g_strchomp(found);
    }
    if (!found || found[0] != '/') {
        g_free(found);
        found = g_strdup_printf("/usr/lib/x86_64-linux-gnu/simgrid/%s", name);
    }
    return realpath(found, NULL);
}

static bool make_layer(const struct fault_place *place, GString *why)
{
    g_autofree char *layer = g_build_filename(place->folder, "layer", NULL);
    g_autofree char *upper = g_build_filename(layer, "upper", NULL);
    g_autofree char *work = g_build_filename(layer, "work", NULL);
    return (g_mkdir(layer, 0755) == 0 && mount("layer", layer, "tmpfs", 0, "mode=755") == 0 &&
            g_mkdir(upper, 0755) == 0 && g_mkdir(work, 0755) == 0) ||
           complain(why, layer);
}

/* Lays a folder of this trial over the system's, in which one file is another one. */
static bool lay_over(const char *folder, const struct fault_place *place, GString *why)
{
    g_autofree char *upper = g_build_filename(place->folder, "layer/upper", NULL);
    g_autofree char *work = g_build_filename(place->folder, "layer/work", NULL);
    g_autofree char *options =
        g_strdup_printf("lowerdir=%s,upperdir=%s,workdir=%s", folder, upper, work);
    return mount("overlay", folder, "overlay", 0, options) == 0 || complain(why, folder);
}

static bool write_stand_in(const char *build, const char *path, char letter, bool executable,
                           GString *why)
{
    g_autofree char *from = g_build_filename(build, STAND_IN, NULL);
    g_autofree char *content = NULL;
    gsize length;
    if (!g_file_get_contents(from, &content, &length, NULL))
        return complain(why, from);
    g_autofree char *whole = g_malloc(length + 1);
    memcpy(whole, content, length);
    whole[length] = letter;
    return (g_file_set_contents(path, whole, (gssize)length + 1, NULL) &&
            chmod(path, executable ? 0755 : 0644) == 0) ||
           complain(why, path);
}

static bool make_program(const struct fault *fault, const struct fault_place *place,
                         const char *build, GString *why)
{
    static const struct {
        const char *how;
        char letter;
    } letters[] = {{"SIGKILL", 'K'}, {"SIGSEGV", 'S'},  {"SIGILL", 'I'},
                   {"silent", '1'},  {"no-space", 'F'}, {"hangs", 'H'}};
    char letter = '1';
    for (guint i = 0; i < G_N_ELEMENTS(letters); i++)
        if (strcmp(letters[i].how, fault->how) == 0)
            letter = letters[i].letter;
    g_autofree char *file = program_file(fault->what);
    if (!file) {
        g_string_printf(why, "there is no %s", fault->what);
        return false;
    }
    g_autofree char *folder = g_path_get_dirname(file), *name = g_path_get_basename(file);
    g_autofree char *path = g_build_filename(place->folder, "layer/upper", name, NULL);
    if (!make_layer(place, why))
        return false;
    if (strcmp(fault->how, "missing") == 0
            ? mknod(path, S_IFCHR, makedev(0, 0)) != 0
            : !write_stand_in(build, path, letter, strcmp(fault->how, "not-executable") != 0, why))
        return complain(why, path);
    return lay_over(folder, place, why);
}

/* ---- places ----------------------------------------------------------------------------------------- */

static bool mount_small(const char *folder, const char *options, unsigned long flags, GString *why)
{
    return mount("small", folder, "tmpfs", flags, options) == 0 || complain(why, folder);
}

/* A file system that is full, read-only, has no room for more files, or runs no programs. */
static bool make_folder(const struct fault *fault, const char *folder, GString *why)
{
    g_autofree char *full = g_strdup_printf("size=%dk,mode=1777", MAX(4, fault->nth));
    g_autofree char *inodes = g_strdup_printf("nr_inodes=%d,mode=1777", MAX(2, fault->nth));
    if (strcmp(fault->how, "full") == 0)
        return mount_small(folder, full, 0, why);
    if (strcmp(fault->how, "no-inodes") == 0)
        return mount_small(folder, inodes, 0, why);
    if (strcmp(fault->how, "read-only") == 0)
        return mount_small(folder, "mode=1777", MS_RDONLY, why);
    if (strcmp(fault->how, "noexec") == 0)
        return mount_small(folder, "mode=1777", MS_NOEXEC, why);
    g_string_printf(why, "nobody knows how to make %s %s", folder, fault->how);
    return false;
}

/* Nobody else sees what happens to the folder. */
static bool make_build(const struct fault *fault, const struct fault_place *place,
                       const char *build, GString *why)
{
    g_autofree char *folder = g_canonicalize_filename(build, NULL);
    g_autofree char *library = g_build_filename(folder, "libcommon.a", NULL);
    g_autofree char *flags = g_build_filename(folder, "program.flags", NULL);
    if (!make_layer(place, why) || !lay_over(folder, place, why))
        return false;
    const int failed = strcmp(fault->how, "no-archive") == 0    ? g_unlink(library)
                       : strcmp(fault->how, "cut-archive") == 0 ? truncate(library, 300000)
                       : strcmp(fault->how, "no-flags") == 0    ? g_unlink(flags)
                                                                : truncate(flags, 0);
    return failed == 0 || complain(why, folder);
}

static bool make_place(const struct fault *fault, const struct fault_place *place,
                       const char *build, char ***environment, GString *why)
{
    if (strcmp(fault->what, "stdout") == 0)
        return true; /* trial.c */
    if (strcmp(fault->what, "build") == 0)
        return make_build(fault, place, build, why);
    if (strcmp(fault->what, "dev-shm") == 0)
        return mount_small("/dev/shm", "size=4k,mode=1777", 0, why);
    if (strcmp(fault->what, "OUT") == 0)
        return make_folder(fault, place->out, why);
    if (strcmp(fault->how, "not-there") == 0) {
        *environment = g_environ_setenv(*environment, "TMPDIR", "/no/such/folder", TRUE);
        return true;
    }
    if (strcmp(fault->how, "private") == 0)
        return chmod(place->tmp, 0700) == 0 || complain(why, place->tmp);
    if (strcmp(fault->how, "filling") == 0)
        return mount_small(place->tmp, "size=64m,mode=1777", 0, why);
    return make_folder(fault, place->tmp, why);
}

bool fault_make(const struct fault *fault, const struct fault_place *place, const char *build,
                char ***environment, GString *why)
{
    switch (fault->kind) {
    case FAULT_CALL:
        return make_call(fault, place, build, environment);
    case FAULT_PROGRAM:
        return make_program(fault, place, build, why);
    case FAULT_PLACE:
        return make_place(fault, place, build, environment, why);
    default:
        return true;
    }
}

/* ---- from outside -------------------------------------------------------------------------------------- */

static bool has_name(pid_t pid, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/exe", (int)pid);
    g_autofree char *file = g_file_read_link(path, NULL);
    g_autofree char *base = file ? g_path_get_basename(file) : NULL;
    return base && (strcmp(base, name) == 0 || g_str_has_suffix(base, name));
}

/* Fills the rest of the file system, but for a little. */
static void fill(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "filling", NULL);
    const int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    static const char bytes[65536];
    while (file >= 0 && write(file, bytes, sizeof bytes) > 0)
        continue;
    if (file >= 0)
        close(file);
}

void fault_watch(const struct fault *fault, const struct fault_place *place, pid_t grader,
                 int *done)
{
    if (fault->kind == FAULT_PLACE && strcmp(fault->how, "filling") == 0) {
        fill(place->tmp);
        (*done)++;
    }
    if (fault->kind != FAULT_KILL || (*done > 0 && strcmp(fault->how, "once") == 0))
        return;
    g_autoptr(GArray) pids = process_tree(grader);
    for (guint i = 0; i < pids->len; i++)
        if (has_name(g_array_index(pids, pid_t, i), fault->what)) {
            kill(g_array_index(pids, pid_t, i), SIGKILL);
            (*done)++;
            if (strcmp(fault->how, "once") == 0)
                return;
        }
}
