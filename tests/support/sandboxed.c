/* Scripts in the sandbox; see sandboxed.h. */
#include "tests/support/sandboxed.h"

#include "grader/sandbox/process_tree.h"
#include "grader/sandbox/sandbox_folder.h"
#include "tests/support/test.h"

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
    g_autoptr(GString) error = g_string_new(NULL);
    ck_assert_msg(sandbox_remove(folder, error), "%s", error->str);
    g_free(folder);
    g_free(sandboxed_evidence);
    g_free(seen);
}

static struct sandbox_result run(char **words, struct sandbox_limits limits)
{
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

struct sandbox_result sandboxed_script(const char *script, struct sandbox_limits limits)
{
    char *words[] = {"sh", "-c", (char *)script, NULL};
    return run(words, limits);
}

/* Whoever runs it may not be allowed to look into the kit: so it gets a copy. */
struct sandbox_result sandboxed_hostile(const char *what, struct sandbox_limits limits)
{
    g_autofree char *program = test_program(false, "grader/sandbox/tests/programs/hostile");
    g_autofree char *copy = g_build_filename(seen, "hostile", NULL);
    g_autofree char *code = NULL;
    gsize size;
    ck_assert(g_file_get_contents(program, &code, &size, NULL));
    ck_assert(
        g_file_set_contents_full(copy, code, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
    char *words[] = {(char *)sandbox_path(copy, "/seen/hostile"), (char *)what, NULL};
    return run(words, limits);
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
