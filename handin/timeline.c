/* handin timeline: who worked when, from the logs of a run. */
#include "grader/picture_timeline.h"
#include "grader/rubric.h"
#include "handin/handin.h"

#include <stdio.h>

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
    if (ranks < 1 || ranks > RUBRIC_MAX_RANKS) {
        g_string_append_printf(problems, "%s/rank-0.log: %d ranks; a picture has room for %d\n",
                               folder, ranks, RUBRIC_MAX_RANKS);
        return false;
    }
    for (int rank = 1; rank < ranks; rank++) {
        if (!read_log(folder, rank, &logs->log[rank], problems))
            return false;
        logs->count++;
    }
    return true;
}

int handin_timeline(const struct handin_options *options)
{
    g_autoptr(GString) problems = g_string_new(NULL);
    struct logs logs = {0};
    g_autofree char *path = g_build_filename(options->evidence, "timeline", NULL);
    bool done = read_logs(options->evidence, &logs, problems);
    if (done) {
        g_autofree char *title = g_strdup_printf("One training step on %d rank%s", logs.count,
                                                 logs.count == 1 ? "" : "s");
        done = timeline_picture(logs.log, logs.count, 0, title, path, problems);
    }
    clear_logs(&logs);
    handin_complain(problems);
    if (done)
        printf("A row per rank, a box as wide as its floating-point operations: %s.svg, %s.png\n",
               path, path);
    return done ? 0 : 1;
}
