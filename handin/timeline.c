/* handin timeline: who worked when, from the logs of a run; and what that should look like. */
#include "handin/timeline.h"

#include "common/base/fatal.h"
#include "grader/evidence/traffic.h"
#include "grader/pictures/picture_memory.h"
#include "grader/pictures/picture_timeline.h"
#include "grader/pictures/table_collectives.h"
#include "grader/pictures/table_memory.h"
#include "grader/pictures/trace_export.h"
#include "grader/verdict/assignment.h"
#include "handin/handin.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST_RANKS 1024

static GPtrArray *parts; /* of const struct timeline_part * */

/* NULL if the assignment has none. */
static const struct timeline_part *find_part(const char *assignment)
{
    for (guint i = 0; parts && i < parts->len; i++) {
        const struct timeline_part *part = parts->pdata[i];
        if (g_str_equal(part->assignment, assignment))
            return part;
    }
    return NULL;
}

void timeline_part_register(const struct timeline_part *part)
{
    if (find_part(part->assignment))
        fatal("handin: %s registers two parts for timelines: keep one timeline_part_register of "
              "that name",
              part->assignment);
    if (!parts)
        parts = g_ptr_array_new();
    g_ptr_array_add(parts, (gpointer)part);
}

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

/* ---- pictures ----------------------------------------------------------------------------- */

static void clear_beside(struct timeline_beside *beside)
{
    g_free(beside->title);
    g_free(beside->label);
    g_free(beside->reference_label);
    g_free(beside->formula);
    timeline_free(beside->reference);
}

/* What the program's arguments mean; false, with a line in problems, if it would refuse them. */
static bool read_arguments(const struct handin_options *handin, struct options *options,
                           GString *problems)
{
    const struct assignment *assignment = assignment_find(handin->assignment);
    g_autofree char *line =
        g_strconcat("program ", handin->arguments ? handin->arguments : "", NULL);
    g_auto(GStrv) words = NULL;
    int count;
    char error[OPTIONS_ERROR_SIZE];
    GError *problem = NULL;
    if (!g_shell_parse_argv(line, &count, &words, &problem)) {
        g_string_append_printf(problems, "--arguments: %s\n", problem->message);
        g_error_free(problem);
        return false;
    }
    if (options_read(options, assignment ? assignment->options : NULL, count, words, error))
        return true;
    g_string_append_printf(problems, "--arguments: %s\n", error);
    return false;
}

/* "WHAT: 4 ranks, 8 micro-batches, on this computer". */
static char *title_of(const struct handin_options *options, const struct timeline *timeline,
                      const char *what)
{
    GString *title = g_string_new(what ? what : "one training step");
    g_string_append_printf(title, ": %d rank%s, %d micro-batch%s", timeline->ranks,
                           timeline->ranks == 1 ? "" : "s", timeline->micro_batches,
                           timeline->micro_batches == 1 ? "" : "es");
    if (options->where)
        g_string_append_printf(title, ", %s", options->where);
    return g_string_free(title, FALSE);
}

/* Draws the picture to `path` and puts the table of collectives into `table`. */
static bool draw(const struct handin_options *handin, const struct logs *logs, const char *path,
                 GString *table, GString *problems)
{
    const struct timeline_part *part = find_part(handin->assignment);
    struct options options;
    struct timeline_beside beside = {.bubble = NAN};
    if (!read_arguments(handin, &options, problems))
        return false;
    struct timeline *own = timeline_of_logs(logs->log, logs->count, TIMELINE_LAST_STEP);
    if (part)
        part->beside(&options, own, &beside);
    struct timeline_panel panel[] = {{.timeline = own,
                                      .label = beside.label ? beside.label : "this run",
                                      .stage_word = part ? part->stage_word : NULL},
                                     {.timeline = beside.reference,
                                      .label = beside.reference_label
                                                   ? beside.reference_label
                                                   : "the reference, with the same computations"}};
    if (!isnan(beside.bubble)) {
        panel[0].formula = beside.formula;
        panel[0].formula_bubble = beside.bubble;
    }
    g_autofree char *title = title_of(handin, own, beside.title);
    bool drawn = timeline_picture(panel, beside.reference ? 2 : 1, title, path, problems);
    table_of_collectives(own->calls, table);
    clear_beside(&beside);
    timeline_free(own);
    return drawn;
}

#define MOST_LINES 24 /* of traffic that are printed */

/* What moves between ranks: all of it to traffic.txt in the folder, and into `table` if it is short. */
static void tell_traffic(const struct handin_options *handin, const struct logs *logs,
                         GString *table, GString *problems)
{
    struct traffic *traffic = traffic_new(logs->log, logs->count);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *path = g_build_filename(handin->evidence, "traffic.txt", NULL);
    g_autoptr(GError) error = NULL;
    traffic_describe(traffic, text);
    traffic_free(traffic);
    if (text->len == 0)
        return;
    if (!g_file_set_contents(path, text->str, (gssize)text->len, &error))
        g_string_append_printf(problems, "%s\n", error->message);
    g_string_append_printf(table, "what moves between ranks: %s\n", path);
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    if (g_strv_length(lines) <= MOST_LINES)
        for (char **line = lines; *line; line++)
            if (**line)
                g_string_append_printf(table, "  %s\n", *line);
}

/* Of a run with --log-memory: the picture, to memory.svg in the folder, and the table. False if the
 * picture can't be drawn. */
static bool draw_memory(const struct handin_options *handin, const struct logs *logs,
                        GString *table, GString *problems)
{
    struct memory_scene scene = {.logs = logs->log,
                                 .ranks = logs->count,
                                 .step = timeline_last_step(logs->log, logs->count)};
    struct live_memory *memory = live_memory_new(logs->log, logs->count, scene.step);
    if (!memory)
        return true;
    scene.memory = memory;
    g_autofree char *path = g_build_filename(handin->evidence, "memory", NULL);
    g_autofree char *title = g_strdup_printf(
        "memory over one training step: %d rank%s%s%s", logs->count, logs->count == 1 ? "" : "s",
        handin->where ? ", " : "", handin->where ? handin->where : "");
    const bool drawn = picture_of_memory(&scene, title, path, problems);
    if (drawn)
        g_string_append_printf(table, "memory over time: %s.svg, %s.png\n", path, path);
    table_of_memory(&scene, table);
    live_memory_free(memory, logs->count);
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
    g_autoptr(GString) table = g_string_new(NULL);
    bool drawn = read && draw(options, &logs, path, table, problems);
    if (read)
        tell_traffic(options, &logs, table, problems);
    bool memory_drawn = read && draw_memory(options, &logs, table, problems);
    clear_logs(&logs);
    handin_complain(problems);
    if (drawn)
        printf("who worked when: %s.svg, %s.png\n", path, path);
    if (exported)
        printf("every call and message: %s (open it in https://ui.perfetto.dev)\n", trace);
    fputs(table->str, stdout);
    return drawn && exported && memory_drawn ? 0 : 1;
}

int handin_timeline_of_ranks(const struct handin_options *handin)
{
    g_autoptr(GString) problems = g_string_new(NULL);
    const struct timeline_part *part = find_part(handin->assignment);
    struct options options;
    struct timeline_beside beside = {.bubble = NAN};
    struct timeline *timeline = NULL;
    if (!part)
        g_string_append_printf(problems, "%s has no picture of a run that nobody ran\n",
                               handin->assignment);
    else if (handin->ranks < 1 || handin->ranks > MOST_RANKS)
        g_string_append_printf(problems, "--ranks: from 1 to %d\n", MOST_RANKS);
    else if (read_arguments(handin, &options, problems))
        timeline = part->ideal(&options, handin->ranks, &beside, problems);
    const struct timeline_panel panel = {.timeline = timeline,
                                         .label = beside.title,
                                         .stage_word = part ? part->stage_word : NULL,
                                         .formula = beside.formula,
                                         .formula_bubble = beside.bubble};
    const bool drawn = timeline && timeline_picture_small(&panel, handin->out, problems);
    handin_complain(problems);
    if (drawn)
        printf("%s: %s\n", beside.title, handin->out);
    timeline_free(timeline);
    clear_beside(&beside);
    return drawn ? 0 : 1;
}
