/* Orders that were cut off, beside the rule's; see order_beside.h. */
#include "assignments/pipeline/judges/order_beside.h"

#include "assignments/pipeline/judges/order_rules.h"
#include "assignments/pipeline/judges/stages.h"
#include "grader/text/text.h"

#define MOST_RANKS 16
#define MOST_SHOWN 28 /* operations in a line */
#define AHEAD      2  /* operations of the rule behind where a rank stopped */

/* ---- which step ------------------------------------------------------------------------------ */

static int count_of(const struct log_file *log, enum log_operation operation)
{
    int count = 0;
    for (size_t i = 0; i < log->count; i++)
        count += log->record[i].operation == operation;
    return count;
}

/* The first training step that a rank did not end; -1: no rank began it. */
static int step_of_stop(const struct outcome *run)
{
    int step = INT_MAX, begun = 0;
    for (int rank = 0; rank < run->ranks; rank++) {
        step = MIN(step, count_of(&run->log[rank], LOG_STEP_END));
        begun = MAX(begun, count_of(&run->log[rank], LOG_STEP_BEGIN));
    }
    return step < begun && step < MAX(1, run->options.steps) ? step : -1;
}

/* ---- one rank ------------------------------------------------------------------------------- */

/* How a rank's order went, and which part of it is shown. */
struct shown {
    int count;       /* of its operations */
    int leaves;      /* the first that the rule does not allow, or -1 */
    bool inside;     /* it never came out of the last one */
    bool done;       /* it came to the end of the step */
    int first, last; /* of the operations that are shown: last is the one behind them */
};

static bool ends_inside(const struct log_file *log, int step)
{
    EVIDENCE_ARRAY events = evidence_events(log);
    for (guint i = events->len; i-- > 0;) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        if (event->step == step && event->operation <= LOG_BACKWARD_WEIGHT)
            return event->end == log->count;
    }
    return false;
}

static char *name_of(const struct schedule *schedule, int rank, int i, bool stages)
{
    const struct schedule_operation *operation = &schedule->operation[rank][i];
    const char *letter = log_operation_name(operation->operation);
    if (operation->operation > LOG_BACKWARD_WEIGHT)
        return g_strdup("step");
    return stages ? g_strdup_printf("%s%d.%d", letter, operation->micro_batch, operation->stage)
                  : g_strdup_printf("%s%d", letter, operation->micro_batch);
}

/* Each operation below that of the line above; "!" before the one that leaves the rule. */
static void add_operations(const struct schedule *schedule, int rank, const struct shown *shown,
                           int leaves, bool stages, GString *line)
{
    g_string_append(line, shown->first > 0 ? " …" : "  ");
    for (int i = shown->first; i < shown->last && i < schedule->count[rank]; i++) {
        g_autofree char *name = name_of(schedule, rank, i, stages);
        g_autofree char *marked = g_strconcat(i == leaves ? "!" : " ", name, NULL);
        g_string_append_printf(line, "%-*s", stages ? 7 : 4, marked);
    }
}

static void add_rank(const struct schedule *schedule, const struct schedule *rule, int rank,
                     const struct shown *shown, bool stages, GString *text)
{
    g_string_append_printf(text, "rank %-2d ran ", rank);
    add_operations(schedule, rank, shown, shown->leaves, stages, text);
    if (shown->last < shown->count)
        g_string_append_printf(text, " … and %d more", shown->count - shown->last);
    g_string_append(text, shown->done     ? " (all of the step)\n"
                          : shown->inside ? " | stopped in that one\n"
                                          : " | stopped here\n");
    if (!rule)
        return;
    const struct shown ahead = {.first = shown->first, .last = shown->last + AHEAD};
    g_string_append(text, "        rule");
    add_operations(rule, rank, &ahead, -1, stages, text);
    g_string_append(text, rule->count[rank] > ahead.last ? " …\n" : "\n");
}

/* Around the operation that leaves the rule, or up to where it stopped. */
static struct shown choose(const struct outcome *run, const struct schedule *schedule, int rank,
                           int step, int leaves)
{
    struct shown shown = {.count = schedule->count[rank], .leaves = leaves};
    shown.inside = ends_inside(&run->log[rank], step);
    shown.done = count_of(&run->log[rank], LOG_STEP_END) > step;
    if (shown.count > MOST_SHOWN)
        shown.first = leaves >= 0 ? MIN(MAX(0, leaves - MOST_SHOWN / 2), shown.count - MOST_SHOWN)
                                  : shown.count - MOST_SHOWN;
    shown.last = MIN(shown.count, shown.first + MOST_SHOWN);
    return shown;
}

/* ---- all of them ------------------------------------------------------------------------------ */

static void describe(const struct outcome *run, const struct schedule_kind *kind,
                     const struct schedule *schedule, int step, GString *markdown)
{
    const struct schedule_shape shape = {run->ranks, pipeline_chunks(&run->options),
                                         options_micro_batches(&run->options)};
    const bool stages = shape.chunks > 1;
    g_autoptr(GString) lines = g_string_new(NULL), why = g_string_new(NULL);
    struct schedule *rule =
        schedule_equal(kind->make, shape.ranks, shape.chunks, shape.micro_batches, 1, 1, 1);
    for (int rank = 0; rank < MIN(run->ranks, MOST_RANKS); rank++) {
        g_autoptr(GString) reason = g_string_new(NULL);
        const int leaves = order_leaves_rule(kind, schedule, shape, rank, reason);
        const struct shown shown = choose(run, schedule, rank, step, leaves);
        add_rank(schedule, rule, rank, &shown, stages, lines);
        if (leaves >= 0)
            g_string_append_printf(why, "- rank %d: %s.\n", rank, reason->str);
    }
    schedule_free(rule);
    g_string_append_printf(markdown,
                           "The order in step %d, beside one that follows the rule of %s%s:\n\n",
                           step, kind->facts->title, stages ? " (micro-batch.stage)" : "");
    text_append_code_block(markdown, lines->str);
    g_string_append_printf(markdown, "\nThe rule: %s ", order_rule(kind));
    if (why->len > 0)
        g_string_append_printf(markdown, "It is left at the `!`:\n\n%s\n", why->str);
    else
        g_string_append(
            markdown, "What was computed follows it so far: compare what each rank waits for with "
                      "what its rule has next.\n\n");
}

void order_describe_unfinished(const struct outcome *run, GString *markdown)
{
    const struct schedule_kind *kind =
        run->log && run->options.probe[0] == '\0' ? schedule_find(run->options.step) : NULL;
    const int step = kind && order_rule(kind) ? step_of_stop(run) : -1;
    if (step < 0)
        return;
    struct schedule **schedule =
        order_of_steps(run->log, run->ranks, step + 1, kind->facts->asynchronous);
    describe(run, kind, schedule[step], step, markdown);
    order_of_steps_free(schedule, step + 1);
}
