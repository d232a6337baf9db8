/* Scripts in the sandbox; see sandboxed.h. */
#include "tests/support/sandboxed.h"

#include "grader/sandbox/process_tree.h"

#include <check.h>
#include <glib/gstdio.h>
#include <unistd.h>

char *sandboxed_evidence;
static char *folder; /* 0711, holds what a test writes */
static char *seen;   /* bound read-only */

void sandboxed_begin(void)
{
    GString *error = g_string_new(NULL);
    folder = g_dir_make_tmp("test-sandbox-XXXXXX", NULL);
    ck_assert_ptr_nonnull(folder);
    ck_assert_int_eq(g_chmod(folder, 0711), 0);
    sandboxed_evidence = g_build_filename(folder, "evidence", NULL);
    seen = g_build_filename(folder, "seen", NULL);
    ck_assert(sandbox_writable_folder(sandboxed_evidence, sandbox_user(0), error));
    ck_assert_int_eq(g_mkdir(seen, 0755), 0);
    g_string_free(error, TRUE);
}

void sandboxed_end(void)
{
    char *words[] = {"rm", "-rf", folder, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(folder);
    g_free(sandboxed_evidence);
    g_free(seen);
}

struct sandbox_result sandboxed_script(const char *script, struct sandbox_limits limits)
{
    char *words[] = {"sh", "-c", (char *)script, NULL};
    struct sandbox_bind see[] = {{seen, "/seen"}, {NULL, NULL}};
    struct sandbox_command command = {
        .words = words,
        .see = see,
        .write = {sandboxed_evidence, "/evidence"},
        .folder = sandbox_path(sandboxed_evidence, "/evidence"),
        .limits = limits,
        .user = sandbox_user(0),
    };
    struct sandbox_result result;
    sandbox_run(&command, &result);
    return result;
}

struct sandbox_result sandboxed_short(const char *script)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.seconds = 1.0;
    return sandboxed_script(script, limits);
}

void sandboxed_nothing_is_left(void)
{
    GArray *pids = process_tree(getpid());
    ck_assert_uint_eq(pids->len, 0);
    g_array_free(pids, TRUE);
    if (geteuid() == 0)
        ck_assert_int_eq(process_count_threads(sandbox_user(0)), 0);
}
