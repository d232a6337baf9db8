/* handin timeline: who worked when, from the logs of a run. */
#include "grader/picture_timeline.h"
#include "grader/timeline_reference.h"
#include "grader/trace_export.h"
#include "handin/handin.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST_RANKS       1024
#define DEFAULT_SCHEDULE "afab" /* the assignment's own default */

/* The logs of all ranks of a run; their number is what rank 0's log says. */
struct logs {
    int count;
    struct log_file *log;
};

static void clear_logs(struct logs *logs)
{
    for (int rank = 0; rank < logs->count; rank++)
        log_destroy(&logs->log[rank]);
    g_free(logs->log);
}

static bool read_log(const char *folder, int rank, struct log_file *log, GString *problems)
{
    g_autofree char *name = g_strdup_printf("rank-%d.log", rank);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char error[LOG_ERROR_SIZE];
    if (!log_read(path, log, error)) {
        g_string_append_printf(problems, "%s\n", error);
        return false;
    }
    if (log->damage[0])
        g_string_append_printf(problems, "%s: %s\n", path, log->damage);
    return true;
}

/* False, with a line in problems, if a log is missing. A damaged one is read as far as it goes. */
static bool read_logs(const char *folder, struct logs *logs, GString *problems)
{
    struct log_file first;
    if (!read_log(folder, 0, &first, problems))
        return false;
    const int ranks = first.ranks;
    logs->log = g_new0(struct log_file, MAX(ranks, 1));
    logs->log[0] = first;
    logs->count = 1;
    if (ranks < 1 || ranks > MOST_RANKS) {
        g_string_append_printf(problems, "%s/rank-0.log: %d ranks; a picture has room for %d\n",
                               folder, ranks, MOST_RANKS);
        return false;
    }
    for (int rank = 1; rank < ranks; rank++) {
        if (!read_log(folder, rank, &logs->log[rank], problems))
            return false;
        logs->count++;
    }
    return true;
}

/* ---- the schedule ------------------------------------------------------------------------- */

/* The value of --schedule in the program's arguments, or NULL. The caller frees it with g_free. */
static char *schedule_in(const char *arguments)
{
    g_auto(GStrv) word = NULL;
    if (!arguments || !g_shell_parse_argv(arguments, NULL, &word, NULL))
        return NULL;
    char *name = NULL;
    for (char **at = word; *at; at++) {
        const char *value = NULL;
        if ((g_str_equal(*at, "--schedule") || g_str_equal(*at, "-s")) && at[1])
            value = at[1];
        else if (g_str_has_prefix(*at, "--schedule="))
            value = *at + strlen("--schedule=");
        if (value) {
            g_free(name);
            name = g_strdup(value);
        }
    }
    return name;
}

/* NULL where nobody says which, or it is one without a reference. */
static const struct schedule_kind *find_schedule(const struct handin_options *options)
{
    g_autofree char *named = schedule_in(options->arguments);
    const char *name = options->schedule ? options->schedule : named ? named : DEFAULT_SCHEDULE;
    return schedule_find(name);
}

/* ---- pictures ----------------------------------------------------------------------------- */

/* "1F1B on 4 ranks, 8 micro-batches, on this computer". */
static char *title_of(const struct handin_options *options, const struct timeline *timeline,
                      const struct schedule_kind *kind)
{
    GString *title = g_string_new(kind ? kind->title : "one training step");
    g_string_append_printf(title, ": %d rank%s, %d micro-batch%s", timeline->ranks,
                           timeline->ranks == 1 ? "" : "s", timeline->micro_batches,
                           timeline->micro_batches == 1 ? "" : "es");
    if (options->where)
        g_string_append_printf(title, ", %s", options->where);
    return g_string_free(title, FALSE);
}

static bool draw(const struct handin_options *options, const struct logs *logs, const char *path,
                 GString *problems)
{
    const struct schedule_kind *kind = find_schedule(options);
    struct timeline *own = timeline_of_logs(logs->log, logs->count, TIMELINE_LAST_STEP);
    struct timeline *reference = kind ? timeline_reference(own, kind) : NULL;
    struct timeline_panel panel[] = {
        {.timeline = own, .label = "this run"},
        {.timeline = reference, .label = "the reference, with the same computations"}};
    double bubble = kind ? timeline_formula_bubble(own, kind) : NAN;
    g_autofree char *formula =
        kind ? g_strdup_printf("idle = %s (equal stages)", kind->idle_formula) : NULL;
    if (!isnan(bubble)) {
        panel[0].formula = formula;
        panel[0].formula_bubble = bubble;
    }
    g_autofree char *title = title_of(options, own, kind);
    bool drawn = timeline_picture(panel, reference ? 2 : 1, title, path, problems);
    timeline_free(own);
    timeline_free(reference);
    return drawn;
}

int handin_timeline(const struct handin_options *options)
{
    g_autoptr(GString) problems = g_string_new(NULL);
    struct logs logs = {0};
    g_autofree char *path = g_build_filename(options->evidence, "timeline", NULL);
    g_autofree char *trace = g_build_filename(options->evidence, "trace.json", NULL);
    g_autofree char *name = g_path_get_basename(options->evidence);
    bool read = read_logs(options->evidence, &logs, problems);
    bool exported =
        read && trace_export(logs.log, logs.count, NULL,
                             (struct trace_options){name, options->program}, trace, problems);
    if (read && !exported)
        g_string_append_c(problems, '\n');
    bool drawn = read && draw(options, &logs, path, problems);
    clear_logs(&logs);
    handin_complain(problems);
    if (drawn)
        printf("who worked when: %s.svg, %s.png\n", path, path);
    if (exported)
        printf("every call and message: %s (open it in https://ui.perfetto.dev)\n", trace);
    return drawn && exported ? 0 : 1;
}
