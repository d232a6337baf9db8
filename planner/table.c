/*
 * The tables: one row per schedule, the closed form beside the simulated run, and
 * below them where the differences come from.
 */
#include "planner/planner.h"

#include <math.h>

enum { RANKS_SHOWN = 8 }; /* of more, the first and the last half of that many */

const char *const planned_schedules[] = {"naive",       "afab",      "1f1b", "interleaved",
                                         "zero-bubble", "pipedream", NULL};

/* ---- rows ------------------------------------------------------------------------------------- */

struct row *rows_new(const struct plan *plan, const char *missing, int *count, GString *error)
{
    struct row *rows = g_new0(struct row, G_N_ELEMENTS(planned_schedules));
    *count = 0;
    for (int i = 0; planned_schedules[i]; i++) {
        struct row *row = &rows[(*count)++];
        row->kind = schedule_find(planned_schedules[i]);
        row->refusal = schedule_refusal(plan, row->kind);
        if (row->refusal)
            continue;
        row->formula = formula_new(plan, row->kind);
        if (!missing)
            row->simulated = simulated_new(plan, row->kind, error);
        if (!missing && !row->simulated) {
            rows_free(rows, *count);
            return NULL;
        }
    }
    return rows;
}

void rows_free(struct row *rows, int count)
{
    for (int i = 0; i < count; i++) {
        g_free(rows[i].refusal);
        formula_free(rows[i].formula);
        simulated_free(rows[i].simulated);
    }
    g_free(rows);
}

/* ---- numbers ---------------------------------------------------------------------------------- */

char *time_text(double seconds)
{
    if (fabs(seconds) >= 1)
        return g_strdup_printf("%.4g s", seconds);
    if (fabs(seconds) >= 1e-3)
        return g_strdup_printf("%.4g ms", 1e3 * seconds);
    return g_strdup_printf("%.4g us", 1e6 * seconds);
}

char *bytes_text(double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int i = 0;
    for (; bytes >= 1024 && i < 4; i++)
        bytes /= 1024;
    return g_strdup_printf("%.4g %s", bytes, units[i]);
}

/* The largest of all ranks, kind by kind. */
static struct rank_use most_of(const struct rank_use *rank, int ranks)
{
    struct rank_use most = {0};
    for (int r = 0; r < ranks; r++) {
        most.activation_bytes = MAX(most.activation_bytes, rank[r].activation_bytes);
        most.memory_bytes = MAX(most.memory_bytes, rank[r].memory_bytes);
        most.messages = MAX(most.messages, rank[r].messages);
        most.message_bytes = MAX(most.message_bytes, rank[r].message_bytes);
    }
    return most;
}

/* Appends text, right-aligned; takes it over. */
static void append_cell(GString *table, char *text, int width)
{
    const int blanks = width - (int)g_utf8_strlen(text, -1);
    g_string_append_printf(table, "%*s%s", MAX(blanks, 1), "", text);
    g_free(text);
}

static void append_use(GString *table, const struct rank_use *use)
{
    append_cell(table, use ? bytes_text(use->activation_bytes) : g_strdup("-"), 13);
    append_cell(table, use ? bytes_text(use->memory_bytes) : g_strdup("-"), 13);
    append_cell(table, use ? g_strdup_printf("%d", use->messages) : g_strdup("-"), 10);
    append_cell(table, use ? bytes_text(use->message_bytes) : g_strdup("-"), 12);
}

/* ---- time and bubble --------------------------------------------------------------------------- */

static void append_summary(GString *text, const struct plan *plan, const struct row *rows,
                           int count)
{
    g_string_append(text,
                    "\n                   step time               bubble of makespan     speed-up "
                    "over naive\nschedule         formula   simulated     formula   simulated     "
                    "formula   simulated\n");
    for (int i = 0; i < count; i++) {
        const struct formula *formula = rows[i].formula;
        const struct simulated *simulated = rows[i].simulated;
        if (!formula)
            continue;
        g_string_append_printf(text, "%-12s", rows[i].kind->name);
        append_cell(text, time_text(formula->seconds), 12);
        append_cell(text, simulated ? time_text(simulated->seconds) : g_strdup("-"), 12);
        append_cell(text, g_strdup_printf("%.2f%%", 100 * formula->bubble), 12);
        append_cell(text,
                    simulated ? g_strdup_printf("%.2f%%", 100 * simulated->bubble) : g_strdup("-"),
                    12);
        append_cell(text, g_strdup_printf("%.3f", rows[0].formula->seconds / formula->seconds), 12);
        append_cell(text,
                    simulated && rows[0].simulated
                        ? g_strdup_printf("%.3f", rows[0].simulated->seconds / simulated->seconds)
                        : g_strdup("-"),
                    12);
        g_string_append_c(text, '\n');
    }
    for (int i = 0; i < count; i++)
        if (rows[i].refusal)
            g_string_append_printf(text, "%-12s left out: %s\n", rows[i].kind->name,
                                   rows[i].refusal);
        else if (!formula_holds(plan, rows[i].kind))
            g_string_append_printf(text,
                                   "%-12s its formula holds from %d micro-batches on, as many as "
                                   "ranks\n",
                                   rows[i].kind->name, plan->ranks);
}

/* ---- differences ------------------------------------------------------------------------------- */

/* "+3.40%" of the formula's step time. */
static char *part_text(double seconds, const struct formula *formula)
{
    const double part = 100 * seconds / formula->seconds;
    return g_strdup_printf("%+.2f%%", fabs(part) < 0.005 ? 0 : part);
}

static void append_difference(GString *text, const struct row *row)
{
    const struct formula *formula = row->formula;
    const struct simulated *simulated = row->simulated;
    g_string_append_printf(text, "%-12s", row->kind->name);
    append_cell(text, time_text(formula->seconds), 12);
    append_cell(text, part_text(formula->with_unequal_stages - formula->seconds, formula), 16);
    append_cell(text, part_text(formula->with_optimizer - formula->with_unequal_stages, formula),
                12);
    append_cell(text,
                simulated ? part_text(simulated->seconds - formula->with_optimizer, formula)
                          : g_strdup("-"),
                12);
    append_cell(text, simulated ? time_text(simulated->seconds) : g_strdup("-"), 12);
    append_cell(text, g_strdup_printf("%.3f x mean", formula->slowest), 18);
    g_string_append_c(text, '\n');
}

static void append_differences(GString *text, const struct row *rows, int count)
{
    g_string_append(text,
                    "\nWhere the difference in step time comes from\n"
                    "schedule         formula  unequal stages   optimizer    messages   simulated"
                    "      slowest rank\n");
    for (int i = 0; i < count; i++)
        if (rows[i].formula)
            append_difference(text, &rows[i]);
    g_string_append(
        text,
        "  The formula takes all stages as equal to their mean and messages as free, and stops\n"
        "  before the optimizer (PipeDream's steps after every backward). Unequal stages and the\n"
        "  optimizer are worked out by running the same order with each stage's own durations;\n"
        "  what is left, messages and the little that the loss takes, only the simulation "
        "knows.\n");
}

/* ---- memory and messages ----------------------------------------------------------------------- */

static void append_rank(GString *text, const char *name, const struct rank_use *formula,
                        const struct rank_use *simulated)
{
    g_string_append_printf(text, "  %-10s", name);
    append_use(text, formula);
    g_string_append(text, "  |");
    append_use(text, simulated);
    g_string_append_c(text, '\n');
}

static void append_ranks(GString *text, const struct row *row)
{
    const struct formula *formula = row->formula;
    const struct simulated *simulated = row->simulated;
    g_string_append_printf(text, "%s; forwards in flight, at most: %s\n", row->kind->name,
                           row->kind->in_flight_formula);
    for (int r = 0; r < formula->ranks; r++) {
        if (formula->ranks > RANKS_SHOWN && r >= RANKS_SHOWN / 2 &&
            r < formula->ranks - RANKS_SHOWN / 2) {
            if (r == RANKS_SHOWN / 2)
                g_string_append(text, "  …\n");
            continue;
        }
        g_autofree char *name = g_strdup_printf("rank %d", r);
        append_rank(text, name, &formula->rank[r], simulated ? &simulated->rank[r] : NULL);
    }
    const struct rank_use most = most_of(formula->rank, formula->ranks);
    const struct rank_use found =
        simulated ? most_of(simulated->rank, simulated->ranks) : (struct rank_use){0};
    append_rank(text, "most", &most, simulated ? &found : NULL);
}

static void append_memory(GString *text, const struct row *rows, int count)
{
    g_string_append(
        text, "\nPeak memory and messages sent in a step, per rank\n"
              "             formula                                           |  simulated\n"
              "              activations   all memory  messages       bytes  |  activations   "
              "all memory  messages       bytes\n");
    for (int i = 0; i < count; i++)
        if (rows[i].formula)
            append_ranks(text, &rows[i]);
    g_string_append(text, "  Formula: for each forward in flight but one what it saves, for that "
                          "one the most that a\n"
                          "  forward and backward hold; parameters, gradients and optimizer state "
                          "besides (PipeDream:\n"
                          "  a version of the parameters for each forward in flight). Simulated: "
                          "everything, so also\n"
                          "  tensors on their way in messages, the batch itself, and the copies "
                          "that PipeDream keeps\n"
                          "  of parameters that are still the newest ones.\n");
}

void append_tables(GString *text, const struct plan *plan, const struct row *rows, int count)
{
    g_autofree char *speed = g_strdup_printf("%.4g", plan->platform->speed / 1e9);
    g_string_append_printf(
        text,
        "%s (%d layers) on %d ranks of the platform %s, %s GFLOP/s each: a batch of %d samples in "
        "%d micro-batches\n",
        plan->model_name, plan->model->layers, plan->ranks, plan->platform_name, speed,
        plan->batch_size, plan->micro_batches);
    append_summary(text, plan, rows, count);
    append_differences(text, rows, count);
    append_memory(text, rows, count);
}
