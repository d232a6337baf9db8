/* Data sets for sandboxed programs: found outside, bound read-only inside. */
#include "grader/run/runner_data.h"

#include "grader/builder/build_tree.h"
#include "grader/sandbox/sandbox.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *variable;
    const char *in_kit;
    const char *inside;
} places[RUNNER_DATA_SETS] = {
    {"FASHION_MNIST_DIR", "datasets/fashion-mnist", "/data/fashion-mnist"},
    {"CIFAR10_DIR", "datasets/cifar-10-batches-bin", "/data/cifar-10-batches-bin"},
    {"TEXT_FILE", "datasets/text.txt", "/data/text.txt"},
};

/* Can the sandbox's user read the folder or file, wherever it lies? */
static bool is_reachable(const char *place)
{
    const int wanted = g_file_test(place, G_FILE_TEST_IS_DIR) ? R_OK | X_OK : R_OK;
    if (geteuid() != 0)
        return access(place, wanted) == 0;
    uid_t user = sandbox_user(0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(setresgid(user, user, user) == 0 && setresuid(user, user, user) == 0 &&
                      access(place, wanted) == 0
                  ? 0
                  : 1);
    int status = 1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool copy_folder(const char *folder, const char *to, GString *error)
{
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    if (!listing || g_mkdir(to, 0755) != 0) {
        g_string_append_printf(error, "%s: %s", listing ? to : folder, strerror(errno));
        return false;
    }
    for (const char *name; (name = g_dir_read_name(listing));) {
        g_autofree char *source = g_build_filename(folder, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);
        if (g_file_test(source, G_FILE_TEST_IS_REGULAR) && !build_copy_file(source, target, error))
            return false;
    }
    return true;
}

/* Copies a file, or the plain files of a folder, to work/data-N, for one below somebody's home. A
 * copy that is there already was made for the same work. */
static char *copy(const char *place, const char *work, int number, GString *error)
{
    g_autofree char *to = g_strdup_printf("%s/data-%d", work, number);
    const bool copied =
        g_file_test(to, G_FILE_TEST_EXISTS) ||
        (g_file_test(place, G_FILE_TEST_IS_DIR) ? copy_folder(place, to, error)
                                                : build_copy_file(place, to, error));
    return copied ? g_steal_pointer(&to) : NULL;
}

bool runner_data_find(struct runner_data *data, const char *kit, const char *work, GString *error)
{
    *data = (struct runner_data){0};
    for (int i = 0; i < RUNNER_DATA_SETS; i++) {
        const char *named = g_getenv(places[i].variable);
        g_autofree char *own = g_build_filename(kit, places[i].in_kit, NULL);
        const char *place = named && *named ? named : own;
        char *real = realpath(place, NULL);
        if (!real)
            continue; /* the program looks where the system keeps it */
        char *usable = is_reachable(real) ? g_strdup(real) : copy(real, work, i, error);
        free(real);
        if (!usable)
            return false;
        data->outside[i] = usable;
        const char *seen = sandbox_path(usable, places[i].inside);
        data->environment[i] = g_strdup_printf("%s=%s", places[i].variable, seen);
        data->inside[i] = places[i].inside;
    }
    return true;
}

void runner_data_clear(struct runner_data *data)
{
    for (int i = 0; i < RUNNER_DATA_SETS; i++) {
        g_free(data->outside[i]);
        g_free(data->environment[i]);
    }
    *data = (struct runner_data){0};
}
