/* What is left behind; see left_behind.h. */
#include "grader/evidence/left_behind.h"

#include "common/base/units.h"
#include "grader/trace/source_line.h"

#define MOST_KINDS 4 /* told in a line */

/* Tensors of one kind that the same line was given in a step. */
struct group {
    int what;
    uint64_t caller;
    int count;
};

static int by_kind(gconstpointer a, gconstpointer b)
{
    return ((const struct group *)a)->what - ((const struct group *)b)->what;
}

/* Bytes of all tensors at the end of the step; -1: it did not end. */
static double live_at_end(const struct log_file *log, int step, GArray *groups)
{
    size_t first, last;
    if (!log_find_step(log, step, &first, &last))
        return -1;
    for (size_t i = first; groups && i < last; i++) {
        const struct log_record *record = &log->record[i];
        struct log_held held = log_held(record);
        if (record->operation != LOG_HELD || held.what < 0 || held.what >= LOG_HELD_KINDS)
            continue;
        guint k = 0;
        while (k < groups->len && (g_array_index(groups, struct group, k).what != held.what ||
                                   g_array_index(groups, struct group, k).caller != held.caller))
            k++;
        if (k == groups->len) {
            struct group group = {held.what, held.caller, 0};
            g_array_append_val(groups, group);
        }
        g_array_index(groups, struct group, k).count++;
    }
    return (double)log->record[last].bytes;
}

static void append_group(const struct outcome *run, const struct group *group, GString *line)
{
    static const char *const one[LOG_HELD_KINDS] = {"input x", "output y", "output gradient dy",
                                                    "input gradient dx", "copy of its parameters"};
    static const char *const many[LOG_HELD_KINDS] = {"inputs x", "outputs y", "output gradients dy",
                                                     "input gradients dx",
                                                     "copies of its parameters"};
    const char *where = run->program ? source_line(run->program, group->caller) : "";
    g_string_append_printf(line, "%d %s", group->count,
                           group->count == 1 ? one[group->what] : many[group->what]);
    if (where[0])
        g_string_append_printf(line, " from %s", where);
}

static void tell(const struct outcome *run, int rank, int step, double growth, const GArray *groups,
                 GString *line)
{
    g_string_printf(line, "rank %d never freed ", rank);
    for (guint k = 0; k < MIN(groups->len, MOST_KINDS); k++) {
        if (k > 0)
            g_string_append(line, k + 1 == groups->len ? " and " : ", ");
        append_group(run, &g_array_index(groups, struct group, k), line);
    }
    if (groups->len > MOST_KINDS)
        g_string_append(line, " and others");
    if (groups->len == 0)
        g_string_append(line, "a tensor that it made");
    char more[UNITS_TEXT_SIZE];
    g_string_append_printf(line, " in step %d: each step leaves %s behind", step,
                           units_bytes(growth, more));
}

bool evidence_left_behind(const struct outcome *run, GString *line, unsigned *kinds)
{
    int step = run->options.steps - 1, found = -1;
    *kinds = 0;
    for (int rank = 0; step > 0 && rank < run->ranks; rank++) {
        EVIDENCE_ARRAY groups = g_array_new(FALSE, TRUE, sizeof(struct group));
        double before = live_at_end(&run->log[rank], step - 1, NULL);
        double now = live_at_end(&run->log[rank], step, groups);
        if (before < 0 || now <= before || (int)groups->len <= found)
            continue; /* told is the rank that leaves the most kinds behind */
        found = (int)groups->len;
        g_array_sort(groups, by_kind);
        tell(run, rank, step, now - before, groups, line);
        *kinds = 0;
        for (guint k = 0; k < groups->len; k++)
            *kinds |= 1u << g_array_index(groups, struct group, k).what;
    }
    return found >= 0;
}
