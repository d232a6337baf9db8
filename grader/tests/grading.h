/*
 * Tools for tests that run the whole grader: a kit whose rubric is the test's own, a submission
 * that begins as a copy of the solutions, and what the grader said about it. Runs from the kit's
 * folder; the grader lies in the build folder that holds the test's program.
 */
#ifndef GRADER_TESTS_GRADING_H
#define GRADER_TESTS_GRADING_H

#include <check.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *build_folder; /* with the grader in it */
static char *folder;       /* this test's own */
static char *kit;          /* a kit with a rubric of this test's own */
static char *submission;
static char *out;

/* ---- tools ------------------------------------------------------------------------------ */

static char *in(const char *where, const char *name)
{
    return g_build_filename(where, name, NULL);
}

static void write_text(const char *path, const char *text)
{
    GError *error = NULL;
    ck_assert_msg(g_file_set_contents(path, text, -1, &error), "%s", error ? error->message : "");
}

static char *read_text(const char *path)
{
    char *text = NULL;
    GError *error = NULL;
    ck_assert_msg(g_file_get_contents(path, &text, NULL, &error), "%s",
                  error ? error->message : "");
    return text;
}

static void link_to(const char *target, const char *path)
{
    g_autofree char *here = g_get_current_dir();
    g_autofree char *absolute = g_build_filename(here, target, NULL);
    ck_assert_int_eq(symlink(absolute, path), 0);
}

static void find_build_folder(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    char *tests = strstr(self, "/tests/grader/tests/");
    ck_assert_ptr_nonnull(tests);
    build_folder = g_strndup(self, (gsize)(tests - self));
}

/* A kit whose rubric says what the test wants. */
static void make_kit(const char *rubric)
{
    g_autofree char *assignment = in(kit, "assignments/pipeline");
    g_autofree char *common = in(kit, "common"), *tools = in(kit, "tools");
    ck_assert_int_eq(g_mkdir_with_parents(assignment, 0755), 0);
    link_to("common", common);
    link_to("tools", tools);
    g_autoptr(GDir) own = g_dir_open("assignments/pipeline", 0, NULL);
    ck_assert_ptr_nonnull(own);
    for (const char *name; (name = g_dir_read_name(own));) {
        g_autofree char *from = in("assignments/pipeline", name);
        g_autofree char *to = in(assignment, name);
        if (g_str_has_suffix(name, ".h"))
            link_to(from, to);
    }
    g_autofree char *path = in(assignment, "rubric.cfg");
    write_text(path, rubric);
}

static void copy_solutions(void)
{
    GDir *solutions = g_dir_open("solutions/pipeline", 0, NULL);
    ck_assert_ptr_nonnull(solutions);
    for (const char *name; (name = g_dir_read_name(solutions));) {
        g_autofree char *from = in("solutions/pipeline", name);
        g_autofree char *to = in(submission, name);
        g_autofree char *text = read_text(from);
        write_text(to, text);
    }
    g_dir_close(solutions);
}

static void setup(void)
{
    find_build_folder();
    folder = g_dir_make_tmp("test-grade-XXXXXX", NULL);
    kit = in(folder, "kit");
    submission = in(folder, "submission");
    out = in(folder, "out");
    ck_assert_int_eq(g_mkdir(submission, 0755), 0);
    copy_solutions();
    /* so that the machine that tests does not decide whether the data is there */
    g_setenv("CIFAR10_DIR", "/no/such/folder", TRUE);
    g_unsetenv("REQUIRE_ISOLATION");
    g_unsetenv("GRADER_SECRET");
}

static void teardown(void)
{
    char *words[] = {"rm", "-rf", folder, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    char *texts[] = {build_folder, folder, kit, submission, out};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
}

/* What a grader said, and how it ended. */
struct graded {
    int status;
    char *said;    /* standard output and error */
    json_t *tests; /* of results.json; NULL: there is none */
    json_t *results;
};

/* Runs the grader with these words behind its name; the last is NULL. */
static struct graded grade(char *first, ...)
{
    struct graded graded = {0};
    g_autofree char *program = in(build_folder, "grade");
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    char *before[] = {program, "--build-folder", build_folder, "--quiet"};
    for (guint i = 0; i < G_N_ELEMENTS(before); i++)
        g_ptr_array_add(words, before[i]);
    va_list list;
    va_start(list, first);
    for (char *word = first; word; word = va_arg(list, char *))
        g_ptr_array_add(words, word);
    va_end(list);
    g_ptr_array_add(words, NULL);
    g_autofree char *output = NULL, *errors = NULL;
    GError *error = NULL;
    ck_assert_msg(g_spawn_sync(NULL, (char **)words->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL,
                               &output, &errors, &graded.status, &error),
                  "%s", error ? error->message : "");
    graded.status = WIFEXITED(graded.status) ? WEXITSTATUS(graded.status) : -1;
    graded.said = g_strconcat(output, errors, NULL);
    g_autofree char *path = in(out, "results.json");
    graded.results = json_load_file(path, 0, NULL);
    graded.tests = json_object_get(graded.results, "tests");
    return graded;
}

static void forget(struct graded *graded)
{
    g_free(graded->said);
    json_decref(graded->results);
}

/* The check of that name must have that status ("passed", "failed", or NULL: not judged), and
 * these words must be told of it. */
static void expect(const struct graded *graded, const char *name, const char *status,
                   const char *words)
{
    size_t i;
    json_t *test;
    json_array_foreach(graded->tests, i, test)
    {
        if (strcmp(json_string_value(json_object_get(test, "number")), name) != 0)
            continue;
        const char *found = json_string_value(json_object_get(test, "status"));
        const char *output = json_string_value(json_object_get(test, "output"));
        ck_assert_msg(g_strcmp0(found, status) == 0, "%s: %s instead of %s: %s", name,
                      found ? found : "not judged", status ? status : "not judged", output);
        double score = json_number_value(json_object_get(test, "score"));
        ck_assert_msg((score > 0) == (g_strcmp0(status, "passed") == 0), "%s: score %g", name,
                      score);
        /* Markdown's backslashes are not what is looked for */
        GString *plain = g_string_new(output);
        g_string_replace(plain, "\\", "", 0);
        ck_assert_msg(strstr(plain->str, words) != NULL, "%s: no \"%s\" in: %s", name, words,
                      plain->str);
        g_string_free(plain, TRUE);
        return;
    }
    ck_abort_msg("no check %s: %s", name, graded->said);
}

/* The files of a rubric: all of the solutions. */
static void append_files(GString *rubric)
{
    g_autoptr(GDir) solutions = g_dir_open("solutions/pipeline", 0, NULL);
    ck_assert_ptr_nonnull(solutions);
    g_string_append(rubric, "assignment = \"pipeline\";\nfiles = (");
    int begin = 0;
    for (const char *name; (name = g_dir_read_name(solutions));)
        if (g_str_has_suffix(name, ".c"))
            g_string_append_printf(rubric, "{ name = \"%s\"; begin = %d; }, ", name, ++begin);
    g_string_append(rubric, "{ name = \"answers.md\"; } );\n");
}

static void put(const char *name, const char *text)
{
    g_autofree char *path = in(submission, name);
    write_text(path, text);
}

static void drop(const char *name)
{
    g_autofree char *path = in(submission, name);
    ck_assert_int_eq(g_unlink(path), 0);
}

/* The solutions' train_step_afab with code before its first line. */
static void write_step(const char *prologue, const char *code)
{
    g_autofree char *path = in(submission, "train_step_afab.c");
    g_autofree char *text = read_text(path);
    static const char head[] = "void train_step_afab(struct pipeline *pipeline)\n{\n";
    char *body = strstr(text, head);
    ck_assert_ptr_nonnull(body);
    body += strlen(head);
    GString *changed = g_string_new(prologue);
    g_string_append_len(changed, text, body - text);
    g_string_append(changed, code);
    g_string_append(changed, body);
    write_text(path, changed->str);
    g_string_free(changed, TRUE);
}

#endif
