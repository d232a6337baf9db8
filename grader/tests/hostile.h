/*
 * For test_hostile.c: a submission of one's own, made of the solutions, and
 * build/grade run on it.
 *
 * The test process adopts whatever the grader leaves running; grade() fails the
 * test if there is anything.
 */
#ifndef GRADER_TESTS_HOSTILE_H
#define GRADER_TESTS_HOSTILE_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder;     /* of the test, removed behind it */
static char *submission; /* FOLDER/hostile, holds pipeline/ */
static char *out;        /* where the reports go; not there yet */

static inline void run_tool(char *const *words)
{
    int status = 0;
    ck_assert(g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           &status, NULL));
    ck_assert_int_eq(status, 0);
}

static inline void setup(void)
{
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    folder = g_dir_make_tmp("test-hostile-XXXXXX", NULL);
    ck_assert_ptr_nonnull(folder);
    submission = g_build_filename(folder, "hostile", NULL);
    out = g_build_filename(folder, "out", NULL);
    ck_assert_int_eq(g_mkdir(submission, 0755), 0);
    char *copy[] = {"cp", "-r", "solutions/pipeline", submission, NULL};
    run_tool(copy);
}

static inline void teardown(void)
{
    umount2(out, MNT_DETACH); /* where a test mounted something there */
    char *words[] = {"rm", "-rf", "--", folder, NULL};
    run_tool(words);
    g_free(folder);
    g_free(submission);
    g_free(out);
}

/* ---- the submission -------------------------------------------------------------------- */

/* The path of a file of the submission; valid until the next call. */
static inline const char *file_path(const char *name)
{
    static char *path;
    g_free(path);
    path = g_build_filename(submission, "pipeline", name, NULL);
    return path;
}

static inline void write_file(const char *name, const char *text)
{
    ck_assert(g_file_set_contents(file_path(name), text, -1, NULL));
}

static inline void change_file(const char *name, const char *before, const char *after)
{
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents(file_path(name), &text, NULL, NULL));
    g_auto(GStrv) parts = g_strsplit(text, before, 2);
    ck_assert_msg(g_strv_length(parts) == 2, "%s does not hold “%s”", name, before);
    g_autofree char *changed = g_strconcat(parts[0], after, parts[1], NULL);
    write_file(name, changed);
}

/* The solved baseline with something before its function, and as its first statements. */
static inline void hostile_baseline(const char *before, const char *code)
{
    static const char include[] = "#include \"assignments/pipeline/pipeline.h\"\n";
    static const char first[] = "    stage_zero_gradients(model);\n";
    g_autofree char *all = g_strconcat(include, before, NULL);
    g_autofree char *statements = g_strconcat("    ", code, "\n", first, NULL);
    change_file("baseline.c", include, all);
    change_file("baseline.c", first, statements);
}

/* ---- grading ------------------------------------------------------------------------------- */

struct graded {
    int status;      /* exit status */
    char *printed;   /* standard output and standard error */
    json_t *results; /* results.json, or NULL */
};

/* Has the grader left a process behind? Ended ones are only waited for. */
static inline bool something_runs(void)
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

/* checks: "a,b", or NULL for all. */
static inline struct graded grade(const char *which, const char *checks)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    ck_assert_ptr_nonnull(self);
    char *tests = strstr(self, "/tests/");
    ck_assert_ptr_nonnull(tests);
    *tests = '\0'; /* BUILD/tests/…/test_hostile is running */
    g_autofree char *program = g_build_filename(self, "grade", NULL);
    g_autofree char *errors = NULL, *printed = NULL;
    char *words[] = {program,
                     "--submission",
                     (char *)which,
                     "--build-folder",
                     self,
                     "--out",
                     out,
                     "--seed",
                     "3",
                     "--quiet",
                     checks ? "--check" : NULL,
                     (char *)checks,
                     NULL};
    struct graded graded = {0};
    int status = 0;
    ck_assert(g_spawn_sync(NULL, words, NULL, G_SPAWN_DEFAULT, NULL, NULL, &printed, &errors,
                           &status, NULL));
    ck_assert_msg(WIFEXITED(status), "the grader crashed:\n%s%s", printed, errors);
    graded.status = WEXITSTATUS(status);
    graded.printed = g_strconcat(printed, errors, NULL);
    ck_assert_msg(!something_runs(), "a process is still there after grading");
    g_autofree char *path = g_build_filename(out, "results.json", NULL);
    graded.results = json_load_file(path, 0, NULL);
    return graded;
}

/* Grades the test's own submission. */
static inline struct graded grade_own(const char *checks)
{
    return grade(submission, checks);
}

static inline void graded_clear(struct graded *graded)
{
    g_free(graded->printed);
    json_decref(graded->results);
}

static inline void assert_says(const char *text, const char *words)
{
    ck_assert_msg(text && strstr(text, words), "“%s” is not in:\n%s", words, text ? text : "");
}

static inline const char *test_text(const json_t *test, const char *key)
{
    const char *text = json_string_value(json_object_get(test, key));
    return text ? text : "";
}

static inline const json_t *find_test(const struct graded *graded, const char *check)
{
    size_t i;
    json_t *test;
    ck_assert_msg(graded->status == 0 && graded->results, "exit status %d:\n%s", graded->status,
                  graded->printed);
    json_array_foreach(json_object_get(graded->results, "tests"), i,
                       test) if (strcmp(test_text(test, "number"), check) == 0) return test;
    ck_abort_msg("%s is not in results.json", check);
}

static inline void assert_status(const struct graded *graded, const char *check, const char *status,
                                 const char *words)
{
    const json_t *test = find_test(graded, check);
    double score = json_number_value(json_object_get(test, "score"));
    double most = json_number_value(json_object_get(test, "max_score"));
    ck_assert_msg(strcmp(test_text(test, "status"), status) == 0, "%s: “%s”, not “%s”:\n%s", check,
                  test_text(test, "status"), status, test_text(test, "output"));
    ck_assert_double_eq(score, strcmp(status, "passed") == 0 ? most : 0);
    /* The report is Markdown: without the backslashes that only a renderer needs. */
    g_auto(GStrv) parts = g_strsplit(test_text(test, "output"), "\\", -1);
    g_autofree char *plain = g_strjoinv("", parts);
    assert_says(plain, words);
}

static inline void assert_passed(const struct graded *graded, const char *check)
{
    assert_status(graded, check, "passed", "");
}

static inline void assert_failed(const struct graded *graded, const char *check, const char *words)
{
    assert_status(graded, check, "failed", words);
}

static inline void assert_not_judged(const struct graded *graded, const char *check,
                                     const char *words)
{
    assert_status(graded, check, "", words);
}

#endif
