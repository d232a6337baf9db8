/*
 * build/grade: collects a submission, builds it, runs it in the sandbox, judges
 * what it left behind and writes the reports.
 *
 * Exit status: 0 grading finished, whatever the score; 1 the grader could not
 * grade, or this machine not do all that it needs, or it could not write its
 * reports; 2 wrong usage.
 */
#include "common/base/environment.h"
#include "common/base/processor.h"
#include "grader/arguments.h"
#include "grader/cases.h"
#include "grader/chosen.h"
#include "grader/folders.h"
#include "grader/grade/data_instead.h"
#include "grader/grade/grade_notes.h"
#include "grader/grade/needs.h"
#include "grader/kit_version.h"
#include "grader/lint.h"
#include "grader/pictures/gnuplot.h"
#include "grader/put_in_place.h"
#include "grader/report/report.h"
#include "grader/sandbox/sandbox.h"
#include "grader/workplace/workplace.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { STATUS_GRADED, STATUS_FAILED, STATUS_USAGE };

static volatile sig_atomic_t interrupted;
static void interrupt(int signal)
{
    interrupted = signal;
}

/* What is known so far; each step adds to it. */
struct grading {
    const struct arguments *arguments;
    struct rubric *rubric;
    char *kit_version;
    char *only; /* names of the chosen checks, "NAME,NAME"; NULL: all */
    struct workplace workplace;
    struct folders folders;
    struct collection *collection;
    struct build *build;
    struct runner_data data;
    struct seeds seeds;
    struct runner runner;
    struct grade grade;
    struct needs *needs;
    int status; /* of the program, if the next step fails */
};

/* ---- the steps: each returns false, with an error, if it goes no further ------------------- */

static bool read_rubric(struct grading *grading, GString *error)
{
    const struct arguments *arguments = grading->arguments;
    g_autofree char *path = arguments_rubric_path(arguments);
    if (!grader_has_assignment(arguments, error))
        return false;
    grading->rubric = rubric_load(path, error);
    if (!grading->rubric)
        return false;
    data_instead_titles(grading->rubric);
    bool known = grader_choose(arguments, grading->rubric, &grading->only, error) &&
                 grader_take_case(arguments, grading->rubric, grading->only, error);
    grading->status = known ? STATUS_FAILED : STATUS_USAGE;
    return known;
}

static bool require_isolation(struct grading *grading, GString *error)
{
    const char *required = g_getenv("REQUIRE_ISOLATION"), *reason;
    (void)grading;
    if (!required || strcmp(required, "1") != 0 || sandbox_isolates(&reason))
        return true;
    g_string_append_printf(error,
                           "the sandbox can't be closed on this machine (%s), and "
                           "REQUIRE_ISOLATION=1 asks for that",
                           reason);
    return false;
}

static bool make_work(struct grading *grading, GString *error)
{
    struct workplace *workplace = &grading->workplace;
    return workplace_make_folder(workplace, error) &&
           folders_make_work(&grading->folders, workplace->work, error);
}

/* Better known before the first file of the submission than blamed on it. */
static bool prove_workplace(struct grading *grading, GString *error)
{
    struct workplace *workplace = &grading->workplace;
    workplace->kit = grading->arguments->kit;
    workplace->build_folder = grading->arguments->build_folder;
    workplace->device.name = arguments_gpu(grading->arguments);
    return workplace_raise_limits(error) && make_work(grading, error) &&
           workplace_prepare(workplace, error) && workplace_prove(workplace, error);
}

static bool collect(struct grading *grading, GString *error)
{
    grading->collection = collection_new(grading->arguments->submission, grading->rubric,
                                         grading->folders.submission, error);
    return grading->collection;
}

static bool make_out(struct grading *grading, GString *error)
{
    return folders_make_out(&grading->folders, grading->arguments, grading->collection->name,
                            error);
}

static bool build(struct grading *grading, GString *error)
{
    const struct arguments *arguments = grading->arguments;
    if (!arguments->quiet && isatty(STDERR_FILENO) == 1)
        fprintf(stderr, "\r\033[Kbuilding …");
    grading->build =
        build_submission(grading->collection, grading->rubric, &grading->workplace, error);
    return grading->build;
}

static bool prepare_runs(struct grading *grading, GString *error)
{
    const struct arguments *arguments = grading->arguments;
    if (arguments->svg)
        gnuplot_leave_png_out();
    grading->runner =
        (struct runner){.assignment = grading->rubric->assignment,
                        .submission = arguments->called ? arguments->called : arguments->submission,
                        .kit = arguments->kit,
                        .work = grading->folders.work,
                        .build = grading->build,
                        .data = &grading->data};
    runner_data_find(&grading->data, grading->rubric, grading->folders.work);
    return seeds_init(&grading->seeds, grading->collection, arguments->secret, arguments->year,
                      (uint64_t)arguments->seed, error);
}

static bool run_and_judge(struct grading *grading, GString *error)
{
    const struct arguments *arguments = grading->arguments;
    struct grade *grade = &grading->grade;
    grading->kit_version = grader_kit_version(arguments->build_folder);
    *grade = (struct grade){.rubric = grading->rubric,
                            .collection = grading->collection,
                            .build = grading->build,
                            .seeds = &grading->seeds,
                            .runner = &grading->runner,
                            .kit = grading->kit_version,
                            .out = grading->folders.out,
                            .pictures = grading->folders.pictures};
    grade_init(grade);
    grade_note_year(grade);
    grade_note_device(grade);
    grade_note_isolation(grade);
    if (grading->workplace.elsewhere)
        grade_note(grade, "The grader worked in `%s`, because %s.", grading->workplace.work,
                   grading->workplace.elsewhere);
    grade_note_place(grade);
    grade_note_ignored(grade);
    grade_note_replaced(grade);
    grade_note_faults(grade);
    grade_note_unusual(grade);
    grade_note_beginning(grade);
    const struct needs_how how = {.only = grading->only,
                                  .jobs = arguments->jobs,
                                  .quiet = arguments->quiet,
                                  .secret = arguments->secret,
                                  .year = arguments->year,
                                  .seed = (uint64_t)arguments->seed,
                                  .interrupted = &interrupted};
    grading->needs = needs_settle(grade, &how);
    grade_run(grade, grading->only, arguments->jobs, arguments->quiet, &interrupted);
    grade_note_needs(grade);
    grade_note_data(grade);
    grade_note_simulator(grade);
    grade_note_haste(grade);
    grade_note_tags(grade);
    grade_note_machine(grade);
    if (arguments->keep)
        grade_note(grade, "The evidence is in `%s/evidence`.", grading->folders.work);
    if (interrupted)
        g_string_append(error, "interrupted");
    return !interrupted;
}

/* Of the terminal that the report is printed on; what is no terminal is wide enough. */
static int columns(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                           : REPORT_WIDTH;
}

static bool report(struct grading *grading, GString *error)
{
    const bool is_terminal = isatty(STDOUT_FILENO) == 1,
               written = report_write(&grading->grade, error);
    g_autofree char *whole = g_build_filename(grading->folders.out, "report.html", NULL);
    const struct report_screen screen = {
        .colour = is_terminal, .width = columns(), .whole = written ? whole : NULL};
    report_terminal(&grading->grade, stdout, &screen);
    return written;
}

/* Whoever grades many wants to know without reading: these points are still open. */
static bool was_the_machine_fit(struct grading *grading, GString *error)
{
    const int checks = grade_left_by(&grading->grade, CULPRIT_MACHINE);
    if (checks > 0)
        g_string_append_printf(error,
                               "%d check%s could not be judged on this machine; the report says "
                               "why: mend that and grade again",
                               checks, checks == 1 ? "" : "s");
    return checks == 0;
}

static bool put_in_place(struct grading *grading, GString *error)
{
    if (grading->collection->place->note)
        grader_complain(grading->collection->place->note);
    return grader_put_in_place(grading->collection, grading->rubric->assignment,
                               grading->arguments->place, error);
}

/* ---- the program ------------------------------------------------------------------------------ */

typedef bool (*step)(struct grading *grading, GString *error);

static int go_through(const struct arguments *arguments, const step *steps)
{
    struct grading grading = {.arguments = arguments, .status = STATUS_FAILED};
    g_autoptr(GString) error = g_string_new(NULL);
    size_t done = 0;
    while (steps[done] && steps[done](&grading, error))
        done++;
    if (!steps[done])
        grading.status = STATUS_GRADED;
    if (error->len > 0)
        grader_complain(error->str);
    grade_clear(&grading.grade);
    needs_free(grading.needs);
    seeds_clear(&grading.seeds);
    runner_data_clear(&grading.data);
    build_free(grading.build);
    collection_free(grading.collection);
    if (arguments->keep && grading.folders.work)
        workplace_keep_folder(grading.folders.work);
    folders_clear(&grading.folders, arguments->keep);
    workplace_clear(&grading.workplace);
    rubric_free(grading.rubric);
    g_free(grading.only);
    g_free(grading.kit_version);
    return grading.status;
}

static int grade_submission(const struct arguments *arguments)
{
    static const step steps[] = {
        read_rubric, require_isolation, prove_workplace, collect, make_out,
        build,       prepare_runs,      run_and_judge,   report,  was_the_machine_fit,
        NULL};
    return go_through(arguments, steps);
}

static int place_submission(const struct arguments *arguments)
{
    static const step steps[] = {read_rubric, make_work, collect, put_in_place, NULL};
    return go_through(arguments, steps);
}

static int show_cases(const struct arguments *arguments)
{
    return grader_show_cases(arguments) ? STATUS_GRADED : STATUS_USAGE;
}

static int list_checks(const struct arguments *arguments)
{
    return grader_list(arguments) ? STATUS_GRADED : STATUS_FAILED;
}

static int lint_rubric(const struct arguments *arguments)
{
    return grader_lint(arguments) ? STATUS_GRADED : STATUS_FAILED;
}

/* Called before the libraries that the program is linked with are set up. */
__attribute__((section(".preinit_array"),
               used)) static void (*const first_of_all)(void) = workplace_raise_memory;

static int describe_sandbox(void)
{
    g_autofree char *text = sandbox_describe();
    puts(text);
    return STATUS_GRADED;
}

/* GLib ends a program that gets no memory by a signal; people shall read why. What is in the folder to work in
 * stays there: to remove it takes memory. */
static void end_in_want(const char *domain, GLogLevelFlags level, const char *message,
                        gpointer data)
{
    if (!(level & G_LOG_FLAG_FATAL)) {
        g_log_default_handler(domain, level, message, data);
        return;
    }
    dprintf(
        STDERR_FILENO,
        "grade: the grader can't go on: %s; if memory is short, end other programs, or use another "
        "computer\n",
        message);
    _exit(STATUS_FAILED);
}

/* Whatever asks the grader to end lets it remove its folders first; what its caller ignored on purpose
 * (workplace_set_up_process) stays ignored. */
static void be_interruptible(void)
{
    static const int asking[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                 SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2};
    for (guint i = 0; i < G_N_ELEMENTS(asking); i++)
        if (signal(asking[i], interrupt) == SIG_IGN)
            signal(asking[i], SIG_IGN);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    g_log_set_default_handler(end_in_want, NULL);
    workplace_set_up_process();
    processor_must_fit();
    environment_start_again(argv);
    setlocale(LC_CTYPE, "C.UTF-8");
    int status = STATUS_USAGE;
    if (arguments_parse(&arguments, &argc, &argv)) {
        be_interruptible();
        status = arguments.sandbox                   ? describe_sandbox()
                 : arguments.lint || arguments.table ? lint_rubric(&arguments)
                 : arguments.cases                   ? show_cases(&arguments)
                 : grader_is_to_list(&arguments)     ? list_checks(&arguments)
                 : arguments.place                   ? place_submission(&arguments)
                                                     : grade_submission(&arguments);
    }
    arguments_clear(&arguments);
    return status;
}
