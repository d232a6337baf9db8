/* class cost; see cost.h. It prints Markdown, for docs/class.md. */
#include "class/cost/cost.h"
#include "class/cost/figures.h"
#include "class/cost/job_log.h"
#include "class/students/class.h"
#include "class/students/graded.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

static const int sizes[] = {300, 1000}, cores[] = {2, 16, 64};

/* ---- what was measured --------------------------------------------------------------------------- */

static void add_job(const struct student *student, const char *assignment, GArray *jobs,
                    GString *problems)
{
    struct graded *graded = graded_read(student, assignment, problems);
    if (graded && graded->wall_seconds > 0 && isfinite(graded->wall_seconds) &&
        graded->processor_seconds >= 0 && isfinite(graded->processor_seconds)) {
        const struct cost_job job = {graded->wall_seconds, graded->processor_seconds};
        g_array_append_val(jobs, job);
    }
    graded_free(graded);
}

/* Of struct cost_job, in the order in which engines get them. */
static GArray *measured(const GPtrArray *students, const char *assignment, GString *problems)
{
    GArray *jobs = g_array_new(FALSE, FALSE, sizeof(struct cost_job));
    for (guint i = 0; i < students->len; i++)
        add_job(students->pdata[i], assignment, jobs, problems);
    return jobs;
}

static void print_row(const char *what, const double *numbers, int count)
{
    printf("| %s | %.1f | %.1f | %.1f | %.1f | %.1f |\n", what, cost_quantile(numbers, count, 0),
           cost_quantile(numbers, count, 0.5), cost_mean(numbers, count),
           cost_quantile(numbers, count, 0.95), cost_quantile(numbers, count, 1));
}

static void print_measured(const GArray *jobs)
{
    const int count = (int)jobs->len;
    g_autofree double *wall = g_new(double, count), *processor = g_new(double, count);
    for (int i = 0; i < count; i++) {
        wall[i] = g_array_index(jobs, struct cost_job, i).wall;
        processor[i] = g_array_index(jobs, struct cost_job, i).processor;
    }
    puts("| seconds per submission | least | median | mean | 95th percentile | most |\n"
         "|---|---|---|---|---|---|");
    print_row("processor", processor, count);
    print_row("by the clock", wall, count);
}

/* ---- larger classes -------------------------------------------------------------------------------- */

static void print_size(const GArray *jobs, int size, int times)
{
    printf("| %d | %s |", size, times == 1 ? "one for each core" : "two for each core");
    for (gsize i = 0; i < G_N_ELEMENTS(cores); i++) {
        const struct cost_machine machine = {cores[i], times * cores[i]};
        const struct cost_range range = cost_bootstrap(jobs, size, machine);
        printf(" %.1f (%.1f to %.1f) |", range.median / 60, range.least / 60, range.most / 60);
    }
    putchar('\n');
}

static void print_larger(const GArray *jobs)
{
    printf("\n| submissions | at the same time |");
    for (gsize i = 0; i < G_N_ELEMENTS(cores); i++)
        printf(" minutes on %d cores |", cores[i]);
    printf("\n|---|---|");
    for (gsize i = 0; i < G_N_ELEMENTS(cores); i++)
        printf("---|");
    putchar('\n');
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++)
        for (int times = 1; times <= 2; times++)
            print_size(jobs, sizes[i], times);
}

/* ---- what the model is worth ------------------------------------------------------------------------- */

static void print_log(const char *out, const GArray *all)
{
    g_autofree char *path = g_build_filename(out, "jobs.log", NULL);
    struct job_log log;
    if (!job_log_read(path, &log))
        return;
    const struct cost_machine here = {(int)sysconf(_SC_NPROCESSORS_ONLN), log.most_at_once};
    printf("\nBy the job log, %d jobs, %d at most at the same time, took %.1f minutes.", log.jobs,
           log.most_at_once, log.busy / 60);
    if (log.jobs == (int)all->len)
        printf(" The model says %.1f for them on %d cores.",
               cost_schedule((const struct cost_job *)(void *)all->data, (int)all->len, here) / 60,
               here.cores);
    putchar('\n');
}

static bool print_class(const char *out, const struct class *class, const GPtrArray *students,
                        GString *problems)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct cost_job));
    for (guint i = 0; i < class->assignments->len; i++) {
        const char *assignment = class->assignments->pdata[i];
        g_autoptr(GArray) jobs = measured(students, assignment, problems);
        if (jobs->len == 0)
            continue;
        printf("%s%s: %u grades\n\n", all->len > 0 ? "\n" : "", assignment, jobs->len);
        print_measured(jobs);
        print_larger(jobs);
        g_array_append_vals(all, jobs->data, jobs->len);
    }
    print_log(out, all);
    if (all->len == 0)
        g_string_append(problems, "nothing is graded yet: make class does it\n");
    return all->len > 0;
}

int cost_command(int argc, char **argv)
{
    g_autofree char *out = NULL;
    GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "the folder of the class", "FOLDER"},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("- says what grading the class cost, and what larger ones cost");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &wrong) || !out || argc > 1) {
        fprintf(stderr, "class cost: %s\n", wrong ? wrong->message : "which class? --out FOLDER");
        return COMMAND_USAGE;
    }
    g_autoptr(GString) problems = g_string_new(NULL);
    struct class *class = class_read(out, problems);
    GPtrArray *students = class ? students_read(out, problems) : NULL;
    const bool printed = students && print_class(out, class, students, problems);
    if (students)
        g_ptr_array_unref(students);
    class_free(class);
    fputs(problems->str, stderr);
    return printed ? COMMAND_DONE : COMMAND_FAILED;
}
