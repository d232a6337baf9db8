/*
 * build/grade: collects a submission, builds it, runs it in the sandbox, judges
 * what it left behind and writes the reports.
 *
 * Exit status: 0 grading finished, whatever the score; 1 the grader could not
 * grade, or not write its reports; 2 wrong usage.
 */
#include "grader/arguments.h"
#include "grader/build.h"
#include "grader/collect.h"
#include "grader/grade.h"
#include "grader/grade_notes.h"
#include "grader/report.h"
#include "grader/sandbox.h"
#include "grader/text.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATUS_GRADED, STATUS_FAILED, STATUS_USAGE };

/* ---- the rubric ------------------------------------------------------------------------ */

static char *rubric_path(const struct arguments *arguments)
{
    return g_build_filename(arguments->kit, "assignments", arguments->assignment, "rubric.cfg",
                            NULL);
}

static int lint(const struct arguments *arguments)
{
    g_autofree char *path = rubric_path(arguments);
    g_autoptr(GString) errors = g_string_new(NULL);
    struct rubric *rubric = rubric_load(path, errors);
    if (rubric && arguments->mutants)
        rubric_is_covered(rubric, arguments->mutants, errors);
    fputs(errors->str, stderr);
    if (rubric && errors->len == 0)
        printf("%s: %u checks, %.2f points, and %.2f of bonus\n", path, rubric->checks->len,
               rubric_points(rubric), rubric_bonus_points(rubric));
    rubric_free(rubric);
    return errors->len == 0 ? STATUS_GRADED : STATUS_FAILED;
}

/* ---- folders --------------------------------------------------------------------------- */

static char *work_folder; /* removed at the end, and when the grader is interrupted */

static void remove_work(void)
{
    if (!work_folder)
        return;
    char *words[] = {"rm", "-rf", "--", work_folder, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_clear_pointer(&work_folder, g_free);
}

static volatile sig_atomic_t interrupted;
static void interrupt(int signal)
{
    interrupted = signal;
}

/* Nothing but the sandbox's own folders may be writable for its users, but they must pass. */
static bool make_work(GString *error)
{
    GError *problem = NULL;
    work_folder = g_dir_make_tmp("grade-XXXXXX", &problem);
    if (!work_folder) {
        g_string_append_printf(error, "no room to work in: %s", problem->message);
        g_error_free(problem);
        return false;
    }
    g_autofree char *evidence = g_build_filename(work_folder, "evidence", NULL);
    g_autofree char *pictures = g_build_filename(work_folder, "pictures", NULL);
    if (chmod(work_folder, 0711) == 0 && mkdir(evidence, 0711) == 0 && mkdir(pictures, 0711) == 0)
        return true;
    g_string_append_printf(error, "%s: %s", work_folder, strerror(errno));
    return false;
}

/* Can reports be written there? Better known before the work than after it. */
static bool prepare_out(const char *out, GString *error)
{
    g_autofree char *probe = g_build_filename(out, ".probe", NULL);
    if (g_mkdir_with_parents(out, 0755) != 0) {
        g_string_append_printf(error, "the output folder %s can't be made: %s", out,
                               strerror(errno));
        return false;
    }
    GError *problem = NULL;
    bool writable =
        g_file_set_contents_full(probe, "probe", -1, G_FILE_SET_CONTENTS_DURABLE, 0644, &problem);
    if (!writable) {
        g_string_append_printf(error, "the output folder %s can't be written to: %s", out,
                               problem->message);
        g_error_free(problem);
    }
    g_unlink(probe);
    return writable;
}

/* ---- reports ---------------------------------------------------------------------------- */

static bool write_report(const char *out, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(out, name, NULL);
    GError *problem = NULL;
    if (g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &problem))
        return true;
    g_autofree char *message = g_strdup_printf(
        "%s can't be written: %s; the report on the terminal is complete", path, problem->message);
    complain(message);
    g_error_free(problem);
    return false;
}

/* Files beside the reports: the HTML holds the pictures already, so where they can't be written
 * nothing is lost. */
static void copy_pictures(const char *from, const char *to)
{
    g_autoptr(GDir) listing = g_dir_open(from, 0, NULL);
    GError *problem = NULL;
    for (const char *name; !problem && listing && (name = g_dir_read_name(listing));) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *copy = g_build_filename(to, name, NULL);
        g_autofree char *content = NULL;
        gsize length;
        if (g_file_get_contents(source, &content, &length, &problem))
            g_file_set_contents_full(copy, content, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT,
                                     0644, &problem);
    }
    if (!problem)
        return;
    g_autofree char *message = g_strdup_printf(
        "not all files of pictures can be written: %s; report.html is complete", problem->message);
    complain(message);
    g_error_free(problem);
}

/* First what says most. */
static bool write_reports(const struct grade *grade)
{
    g_autofree char *json = report_json(grade);
    GString *markdown = report_markdown(grade);
    g_autofree char *title =
        g_strdup_printf("%s: %s", grade->rubric->assignment, grade->collection->name);
    g_autofree char *html = report_html(markdown->str, grade->pictures, title);
    bool written = write_report(grade->out, "results.json", json);
    written = write_report(grade->out, "report.md", markdown->str) && written;
    written = write_report(grade->out, "report.html", html) && written;
    g_string_free(markdown, TRUE);
    if (written)
        copy_pictures(grade->pictures, grade->out);
    return written;
}

/* ---- grading ---------------------------------------------------------------------------------- */

static bool grade_and_report(const struct arguments *arguments, struct grade *grade)
{
    grade_init(grade);
    grade_note_isolation(grade);
    grade_note_ignored(grade);
    grade_note_beginning(grade);
    grade_run(grade, arguments->check, arguments->jobs, arguments->quiet, &interrupted);
    if (interrupted) {
        complain("interrupted");
        return false;
    }
    grade_note_data(grade);
    grade_note_simulator(grade);
    grade_note_haste(grade);
    if (arguments->keep)
        grade_note(grade, "The evidence is in `%s/evidence`.", work_folder);
    report_terminal(grade, stdout, isatty(STDOUT_FILENO) == 1);
    if (!write_reports(grade))
        return false;
    printf("\nThe whole report: %s/report.html\n", grade->out);
    return true;
}

static bool build_and_grade(const struct arguments *arguments, struct grade *grade, GString *error)
{
    struct seeds seeds = {0};
    struct runner_data data = {0};
    g_autofree char *pictures = g_build_filename(work_folder, "pictures", NULL);
    struct runner runner = {.assignment = grade->rubric->assignment,
                            .submission = arguments->submission,
                            .kit = arguments->kit,
                            .work = work_folder,
                            .data = &data};
    if (!arguments->quiet && isatty(STDERR_FILENO) == 1)
        fprintf(stderr, "\r\033[Kbuilding …");
    struct build *build = build_submission(grade->collection, grade->rubric, arguments->kit,
                                           arguments->build_folder, work_folder, error);
    bool graded =
        build && runner_data_find(&data, arguments->kit, work_folder, error) &&
        seeds_init(&seeds, grade->collection, arguments->secret, (uint64_t)arguments->seed, error);
    if (graded) {
        runner.build = build;
        grade->build = build;
        grade->runner = &runner;
        grade->pictures = pictures;
        grade->seeds = &seeds;
        graded = grade_and_report(arguments, grade);
        grade_clear(grade);
    }
    seeds_clear(&seeds);
    runner_data_clear(&data);
    build_free(build);
    return graded;
}

static bool require_isolation(GString *error)
{
    const char *required = g_getenv("REQUIRE_ISOLATION"), *reason;
    if (!required || strcmp(required, "1") != 0 || sandbox_isolates(&reason))
        return true;
    g_string_append_printf(error,
                           "the sandbox can't be closed on this machine (%s), and "
                           "REQUIRE_ISOLATION=1 asks for that",
                           reason);
    return false;
}

/* Are all names of "NAME,NAME" checks of the rubric? */
static bool checks_exist(const struct rubric *rubric, const char *text, GString *error)
{
    g_auto(GStrv) names = g_strsplit(text, ",", -1);
    for (char **name = names; *name; name++) {
        if (rubric_find(rubric, *name))
            continue;
        g_string_append_printf(error, "there is no check \"%s\"; the checks are:", *name);
        for (guint i = 0; i < rubric->checks->len; i++)
            g_string_append_printf(error, " %s", RUBRIC_CHECKS(rubric, i)->name);
        return false;
    }
    return true;
}

static int grade_submission(struct arguments *arguments)
{
    g_autoptr(GString) error = g_string_new(NULL);
    g_autofree char *path = rubric_path(arguments);
    struct rubric *rubric = rubric_load(path, error);
    struct grade grade = {.rubric = rubric};
    struct collection *collection = NULL;
    bool graded = false;
    if (rubric && arguments->check && !checks_exist(rubric, arguments->check, error)) {
        complain(error->str);
        rubric_free(rubric);
        return STATUS_USAGE;
    }
    if (rubric && require_isolation(error) && make_work(error)) {
        g_autofree char *files = g_build_filename(work_folder, "submission", NULL);
        collection = collect(arguments->submission, rubric, files, error);
    }
    if (collection) {
        if (!arguments->out)
            arguments->out =
                g_build_filename(arguments->kit, "build", "grades", collection->name, NULL);
        grade.out = arguments->out;
        grade.collection = collection;
        graded = prepare_out(arguments->out, error) && build_and_grade(arguments, &grade, error);
    }
    if (error->len > 0)
        complain(error->str);
    collection_free(collection);
    rubric_free(rubric);
    return graded ? STATUS_GRADED : STATUS_FAILED;
}

/* Judges use one thread each; the libraries read that when they are loaded. */
static void start_again_with_one_thread(char **argv)
{
    if (g_getenv("OMP_NUM_THREADS"))
        return;
    setenv("OMP_NUM_THREADS", "1", 1);
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    start_again_with_one_thread(argv);
    setlocale(LC_CTYPE, "C.UTF-8");
    int status = STATUS_USAGE;
    if (arguments_parse(&arguments, &argc, &argv)) {
        signal(SIGINT, interrupt);
        signal(SIGTERM, interrupt);
        signal(SIGPIPE, SIG_IGN);
        status = arguments.lint ? lint(&arguments) : grade_submission(&arguments);
        if (!arguments.keep)
            remove_work();
    }
    arguments_clear(&arguments);
    return status;
}
