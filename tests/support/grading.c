/* Grading in tests; see grading.h. */
#include "tests/support/grading.h"

#include "tests/support/test.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

char *grading_folder, *grading_submission, *grading_out, *grading_kit, *grading_build;
static char *assignment;

static void run_tool(char *const *words)
{
    int status = 0;
    ck_assert(g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           &status, NULL));
    ck_assert_int_eq(status, 0);
}

void grading_begin(const char *name)
{
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    assignment = g_strdup(name);
    grading_folder = test_folder_new();
    grading_submission = g_build_filename(grading_folder, "hostile", NULL);
    grading_out = g_build_filename(grading_folder, "out", NULL);
    grading_kit = g_strdup(".");
    grading_build = g_strdup(test_build_folder());
    ck_assert_int_eq(g_mkdir(grading_submission, 0755), 0);
    g_autofree char *solutions = g_build_filename("solutions", name, NULL);
    char *copy[] = {"cp", "-r", solutions, grading_submission, NULL};
    run_tool(copy);
    g_unsetenv("CIFAR10_DIR"); /* what it names on the machine that tests decides nothing */
    g_unsetenv("REQUIRE_ISOLATION");
    g_unsetenv("GRADER_SECRET");
    g_unsetenv("GRADER_YEAR");
}

void grading_end(void)
{
    umount2(grading_out, MNT_DETACH); /* where a test mounted something there */
    test_folder_free(grading_folder);
    char **texts[] = {&assignment, &grading_submission, &grading_out, &grading_kit, &grading_build};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(texts[i], g_free);
}

/* ---- the submission ----------------------------------------------------------------------- */

char *grading_path(const char *name)
{
    return g_build_filename(grading_submission, assignment, name, NULL);
}

static void write_text(const char *path, const char *text)
{
    GError *error = NULL;
    ck_assert_msg(g_file_set_contents(path, text, -1, &error), "%s", error ? error->message : "");
}

char *grading_read(const char *path)
{
    char *text = NULL;
    GError *error = NULL;
    ck_assert_msg(g_file_get_contents(path, &text, NULL, &error), "%s",
                  error ? error->message : "");
    return text;
}

void grading_write(const char *name, const char *text)
{
    g_autofree char *path = grading_path(name);
    write_text(path, text);
}

void grading_remove(const char *name)
{
    g_autofree char *path = grading_path(name);
    ck_assert_int_eq(g_unlink(path), 0);
}

void grading_change(const char *name, const char *before, const char *after)
{
    g_autofree char *path = grading_path(name), *text = grading_read(path);
    g_auto(GStrv) parts = g_strsplit(text, before, 2);
    ck_assert_msg(g_strv_length(parts) == 2, "%s does not hold “%s”", name, before);
    g_autofree char *changed = g_strconcat(parts[0], after, parts[1], NULL);
    write_text(path, changed);
}

/* ---- the rubric ------------------------------------------------------------------------------ */

static void link_to(const char *target, const char *path)
{
    g_autofree char *absolute = g_canonicalize_filename(target, NULL);
    ck_assert_int_eq(symlink(absolute, path), 0);
}

static char *path_of_own(const char *name)
{
    return g_build_filename(grading_kit, "assignments", assignment, name, NULL);
}

/* From now on a kit with the rest of this one: links, but for a rubric that the test may write over. */
static void use_own_kit(void)
{
    static const char *const rest[] = {"common", "datasets", "grader", "skeleton", "tools"};
    if (strcmp(grading_kit, ".") != 0)
        return;
    g_free(grading_kit);
    grading_kit = g_build_filename(grading_folder, "kit", NULL);
    g_autofree char *own = path_of_own(NULL);
    ck_assert_int_eq(g_mkdir_with_parents(own, 0755), 0);
    for (gsize i = 0; i < G_N_ELEMENTS(rest); i++) {
        g_autofree char *to = g_build_filename(grading_kit, rest[i], NULL);
        link_to(rest[i], to);
    }
    g_autofree char *original = g_build_filename("assignments", assignment, NULL);
    g_autoptr(GDir) files = g_dir_open(original, 0, NULL);
    ck_assert_ptr_nonnull(files);
    for (const char *name; (name = g_dir_read_name(files));) {
        g_autofree char *from = g_build_filename(original, name, NULL);
        g_autofree char *to = path_of_own(name);
        if (g_str_has_suffix(name, ".cfg")) {
            g_autofree char *text = grading_read(from);
            write_text(to, text);
        } else {
            link_to(from, to);
        }
    }
}

/* All files of the solutions, in any order. */
static void append_files(GString *rubric)
{
    g_autofree char *solutions = g_build_filename("solutions", assignment, NULL);
    g_autoptr(GDir) files = g_dir_open(solutions, 0, NULL);
    ck_assert_ptr_nonnull(files);
    int number = 0;
    g_string_append(rubric, "files = (");
    for (const char *name; (name = g_dir_read_name(files));)
        g_string_append_printf(rubric, "{ name = \"%s\"; begin = %d; }, ", name, ++number);
    g_string_truncate(rubric, rubric->len - strlen(", "));
    g_string_append(rubric, ");\n");
}

void grading_use_rubric(const char *tiers)
{
    g_autoptr(GString) rubric = g_string_new(NULL);
    g_string_append_printf(rubric, "assignment = \"%s\";\n", assignment);
    append_files(rubric);
    g_string_append_printf(rubric, "tiers = %s", tiers);
    use_own_kit();
    g_autofree char *path = path_of_own("rubric.cfg");
    write_text(path, rubric->str);
}

void grading_allow_all_calls(void)
{
    use_own_kit();
    g_autofree char *path = path_of_own("calls.cfg");
    write_text(path, "calls = ( { names = ( \"*\" ); usual = true; } );\n");
}

/* ---- grading ---------------------------------------------------------------------------------- */

/* Has the grader left a process behind? Ended ones are only waited for. */
static bool something_runs(void)
{
    pid_t pid;
    for (int tries = 0; tries < 20; tries++) {
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            continue;
        if (pid < 0 && errno == ECHILD)
            return false;
        g_usleep(100000);
    }
    return true;
}

static struct graded run_grader(GPtrArray *words)
{
    struct graded graded = {0};
    g_autofree char *output = NULL, *errors = NULL;
    GError *error = NULL;
    g_ptr_array_add(words, NULL);
    ck_assert_msg(g_spawn_sync(NULL, (char **)words->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL,
                               &output, &errors, &graded.status, &error),
                  "%s", error ? error->message : "");
    graded.status = WIFEXITED(graded.status) ? WEXITSTATUS(graded.status) : -1;
    graded.printed = g_strconcat(output, errors, NULL);
    ck_assert_msg(!something_runs(), "a process is still there after grading");
    g_autofree char *path = g_build_filename(grading_out, "results.json", NULL);
    graded.results = json_load_file(path, 0, NULL);
    graded.tests = json_object_get(graded.results, "tests");
    return graded;
}

static GPtrArray *words_of_grader(void)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(words, g_build_filename(test_build_folder(), "grade", NULL));
    g_ptr_array_add(words, g_strdup("--build-folder"));
    g_ptr_array_add(words, g_strdup(grading_build));
    g_ptr_array_add(words, g_strdup("--quiet"));
    return words;
}

struct graded grading_call(const char *first, ...)
{
    g_autoptr(GPtrArray) words = words_of_grader();
    va_list list;
    va_start(list, first);
    for (const char *word = first; word; word = va_arg(list, const char *))
        g_ptr_array_add(words, g_strdup(word));
    va_end(list);
    return run_grader(words);
}

struct graded grading_try(const char *checks)
{
    return grading_call("--kit", grading_kit, "--assignment", assignment, "--submission",
                        grading_submission, "--out", grading_out, checks ? "--check" : NULL, checks,
                        NULL);
}

struct graded grading_run(const char *checks)
{
    struct graded graded = grading_try(checks);
    ck_assert_msg(graded.status == 0 && graded.results, "exit status %d:\n" TEST_LONG,
                  graded.status, graded.printed);
    return graded;
}

void graded_clear(struct graded *graded)
{
    g_free(graded->printed);
    json_decref(graded->results);
}

/* ---- what came of it ---------------------------------------------------------------------------- */

void grading_assert_says(const char *text, const char *words)
{
    ck_assert_msg(text && strstr(text, words), "“%s” is not in:\n" TEST_LONG, words,
                  text ? text : "");
}

static const char *text_of(const json_t *test, const char *key)
{
    const char *text = json_string_value(json_object_get(test, key));
    return text ? text : "";
}

static const json_t *find_test(const struct graded *graded, const char *check)
{
    size_t i;
    json_t *test;
    json_array_foreach(graded->tests, i, test)
    {
        if (strcmp(text_of(test, "number"), check) == 0)
            return test;
    }
    ck_abort_msg("%s is not in results.json:\n" TEST_LONG, check, graded->printed);
}

const char *graded_status(const struct graded *graded, const char *check)
{
    return text_of(find_test(graded, check), "status");
}

const char *graded_output(const struct graded *graded, const char *check)
{
    return text_of(find_test(graded, check), "output");
}

static void expect(const struct graded *graded, const char *check, const char *status,
                   const char *words)
{
    const json_t *test = find_test(graded, check);
    double score = json_number_value(json_object_get(test, "score"));
    double most = json_number_value(json_object_get(test, "max_score"));
    ck_assert_msg(strcmp(text_of(test, "status"), status) == 0, "%s: “%s”, not “%s”:\n" TEST_LONG,
                  check, text_of(test, "status"), status, text_of(test, "output"));
    ck_assert_double_eq(score, strcmp(status, "passed") == 0 ? most : 0);
    g_auto(GStrv) parts = g_strsplit(text_of(test, "output"), "\\", -1);
    g_autofree char *plain = g_strjoinv("", parts);
    ck_assert_msg(strstr(plain, words) != NULL, "%s: “%s” is not in:\n" TEST_LONG, check, words,
                  plain);
}

void graded_passes(const struct graded *graded, const char *check, const char *words)
{
    expect(graded, check, "passed", words);
}

void graded_fails(const struct graded *graded, const char *check, const char *words)
{
    expect(graded, check, "failed", words);
}

void graded_is_open(const struct graded *graded, const char *check, const char *words)
{
    expect(graded, check, "", words);
}
