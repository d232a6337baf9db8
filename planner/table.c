/*
 * The tables: one row per method, the closed form beside the simulated run, and
 * below them where the differences come from.
 */
#include "planner/planner.h"

#include "common/base/units.h"

#include <math.h>

enum { RANKS_SHOWN = 8 }; /* rows, of more only the first */

/* ---- rows ------------------------------------------------------------------------------------- */

struct row *plan_rows_new(const struct plan *plan, const char *missing, int *count, GString *error)
{
    const struct plan_part *part = plan->part;
    int all = 0;
    const struct plan_method *methods = part->methods(plan);
    while (methods[all].name)
        all++;
    struct row *rows = g_new0(struct row, all + 1);
    *count = 0;
    for (int i = 0; i < all; i++) {
        struct row *row = &rows[(*count)++];
        row->method = &methods[i];
        row->refusal = part->refusal(plan, row->method);
        if (row->refusal)
            continue;
        row->caveat = part->caveat(plan, row->method);
        row->formula = part->formula(plan, row->method);
        if (!missing)
            row->simulated = plan_simulated_new(plan, row->method, error);
        if (!missing && !row->simulated) {
            plan_rows_free(rows, *count);
            return NULL;
        }
    }
    return rows;
}

void plan_rows_free(struct row *rows, int count)
{
    for (int i = 0; i < count; i++) {
        g_free(rows[i].refusal);
        g_free(rows[i].caveat);
        plan_formula_free(rows[i].formula);
        plan_simulated_free(rows[i].simulated);
    }
    g_free(rows);
}

/* ---- numbers ---------------------------------------------------------------------------------- */

static char *time_text(double seconds)
{
    char text[UNITS_TEXT_SIZE];
    return g_strdup(units_seconds(seconds, text));
}

static char *bytes_text(double bytes)
{
    char text[UNITS_TEXT_SIZE];
    return g_strdup(units_bytes(bytes, text));
}

/* Of all kinds together. */
static double memory_of(const struct rank_use *use)
{
    double bytes = 0;
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        bytes += use->peak[kind];
    return bytes;
}

/* The largest of all ranks, kind by kind. */
static struct rank_use most_of(const struct rank_use *rank, int ranks)
{
    struct rank_use most = {0};
    for (int r = 0; r < ranks; r++) {
        for (int kind = 0; kind < MEMORY_KINDS; kind++)
            most.peak[kind] = MAX(most.peak[kind], rank[r].peak[kind]);
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
    append_cell(table, use ? bytes_text(use->peak[MEMORY_ACTIVATION]) : g_strdup("-"), 13);
    append_cell(table, use ? bytes_text(memory_of(use)) : g_strdup("-"), 13);
    append_cell(table, use ? g_strdup_printf("%d", use->messages) : g_strdup("-"), 10);
    append_cell(table, use ? bytes_text(use->message_bytes) : g_strdup("-"), 12);
}

/* Of the column with the methods' names. */
static int name_width(const struct row *rows, int count)
{
    int width = 12;
    for (int i = 0; i < count; i++)
        width = MAX(width, (int)g_utf8_strlen(rows[i].method->name, -1) + 1);
    return width;
}

/* ---- time and bubble --------------------------------------------------------------------------- */

static void append_summary(GString *text, const struct plan *plan, const struct row *rows,
                           int count)
{
    const int width = name_width(rows, count);
    g_string_append_printf(text,
                           "\n%*s       step time               bubble of makespan     "
                           "speed-up over %s\n%-*sformula   simulated     formula   simulated     "
                           "formula   simulated\n",
                           width, "", rows[0].method->name, width + 5, plan->part->method_word);
    for (int i = 0; i < count; i++) {
        const struct formula *formula = rows[i].formula;
        const struct simulated *simulated = rows[i].simulated;
        if (!formula)
            continue;
        g_string_append_printf(text, "%-*s", width, rows[i].method->name);
        append_cell(text, time_text(formula->seconds), 12);
        append_cell(text, simulated ? time_text(simulated->seconds) : g_strdup("-"), 12);
        append_cell(text, g_strdup_printf("%.2f%%", 100 * formula->bubble), 12);
        append_cell(text,
                    simulated ? g_strdup_printf("%.2f%%", 100 * simulated->bubble) : g_strdup("-"),
                    12);
        append_cell(text,
                    rows[0].formula
                        ? g_strdup_printf("%.3f", rows[0].formula->seconds / formula->seconds)
                        : g_strdup("-"),
                    12);
        append_cell(text,
                    simulated && rows[0].simulated
                        ? g_strdup_printf("%.3f", rows[0].simulated->seconds / simulated->seconds)
                        : g_strdup("-"),
                    12);
        g_string_append_c(text, '\n');
    }
    for (int i = 0; i < count; i++)
        if (rows[i].refusal)
            g_string_append_printf(text, "%-*s left out: %s\n", width, rows[i].method->name,
                                   rows[i].refusal);
        else if (rows[i].caveat)
            g_string_append_printf(text, "%-*s %s\n", width, rows[i].method->name, rows[i].caveat);
}

/* ---- differences ------------------------------------------------------------------------------- */

/* "+3.40%" of what the formula begins with. */
static char *part_text(double seconds, const struct formula *formula)
{
    const double part = 100 * seconds / formula->begin;
    return g_strdup_printf("%+.2f%%", fabs(part) < 0.005 ? 0 : part);
}

static int cause_width(const struct plan_part *part, int cause)
{
    return MAX(12, (int)g_utf8_strlen(part->causes[cause], -1) + 2);
}

static void append_difference(GString *text, const struct plan_part *part, const struct row *row,
                              int width)
{
    const struct formula *formula = row->formula;
    const struct simulated *simulated = row->simulated;
    g_string_append_printf(text, "%-*s", width, row->method->name);
    append_cell(text, time_text(formula->begin), 12);
    double before = formula->begin;
    for (int i = 0; part->causes[i]; before = formula->with[i++])
        append_cell(text, part_text(formula->with[i] - before, formula), cause_width(part, i));
    append_cell(text, simulated ? part_text(simulated->seconds - before, formula) : g_strdup("-"),
                12);
    append_cell(text, simulated ? time_text(simulated->seconds) : g_strdup("-"), 12);
    append_cell(text, g_strdup_printf("%.3f x mean", formula->slowest), 18);
    g_string_append_c(text, '\n');
}

static void append_differences(GString *text, const struct plan *plan, const struct row *rows,
                               int count)
{
    const int width = name_width(rows, count);
    g_string_append_printf(text, "\nWhere the difference in step time comes from\n%-*s", width,
                           plan->part->method_word);
    append_cell(text, g_strdup(plan->part->begin_word), 12);
    for (int i = 0; plan->part->causes[i]; i++)
        append_cell(text, g_strdup(plan->part->causes[i]), cause_width(plan->part, i));
    append_cell(text, g_strdup(plan->part->rest_word), 12);
    g_string_append(text, "   simulated      slowest rank\n");
    for (int i = 0; i < count; i++)
        if (rows[i].formula)
            append_difference(text, plan->part, &rows[i], width);
    g_string_append(text, plan->part->differences);
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

static bool is_like(const struct rank_use *one, const struct rank_use *other)
{
    bool alike = one->messages == other->messages && one->message_bytes == other->message_bytes;
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        alike = alike && one->peak[kind] == other->peak[kind];
    return alike;
}

/* The first rank behind `rank` that needs something else. */
static int end_of_like(const struct row *row, int rank)
{
    const struct rank_use *formula = row->formula->rank;
    const struct rank_use *simulated = row->simulated ? row->simulated->rank : formula;
    int end = rank + 1;
    while (end < row->formula->ranks && is_like(&formula[rank], &formula[end]) &&
           is_like(&simulated[rank], &simulated[end]))
        end++;
    return end;
}

static void append_ranks(GString *text, const char *note_word, const struct row *row)
{
    const struct formula *formula = row->formula;
    const struct simulated *simulated = row->simulated;
    g_string_append_printf(text, "%s; %s: %s\n", row->method->name, note_word, row->method->note);
    int rows = 0;
    for (int r = 0, next; r < formula->ranks; r = next) {
        next = end_of_like(row, r);
        if (++rows > RANKS_SHOWN)
            continue;
        g_autofree char *name = next - r == 1 ? g_strdup_printf("rank %d", r)
                                              : g_strdup_printf("ranks %d-%d", r, next - 1);
        append_rank(text, name, &formula->rank[r], simulated ? &simulated->rank[r] : NULL);
    }
    if (rows > RANKS_SHOWN)
        g_string_append(text, "  …\n");
    const struct rank_use most = most_of(formula->rank, formula->ranks);
    const struct rank_use found =
        simulated ? most_of(simulated->rank, simulated->ranks) : (struct rank_use){0};
    append_rank(text, "most", &most, simulated ? &found : NULL);
}

static const struct {
    enum memory_kind kind;
    const char *name;
} kinds[] = {{MEMORY_PARAMETER, "parameters"},
             {MEMORY_GRADIENT, "gradients"},
             {MEMORY_OPTIMIZER, "optimizer"},
             {MEMORY_ACTIVATION, "activations"},
             {MEMORY_WORKSPACE, "workspace"}}; /* last: only the simulation knows it */
enum { KINDS = sizeof kinds / sizeof *kinds };

/* NULL: not known. */
static void append_kinds_of(GString *text, const struct rank_use *most, int count)
{
    for (int i = 0; i < count; i++)
        append_cell(text, most ? bytes_text(most->peak[kinds[i].kind]) : g_strdup("-"), 13);
}

static void append_kinds(GString *text, const struct row *rows, int count)
{
    const int width = name_width(rows, count);
    g_string_append_printf(text,
                           "\nPeak memory by kind, of the rank that has most of it\n%*s formula%*s|"
                           "  simulated\n%*s",
                           width, "", 13 * (KINDS - 1) - 6, "", width, "");
    for (int i = 0; i < KINDS - 1; i++)
        append_cell(text, g_strdup(kinds[i].name), 13);
    g_string_append(text, "  |");
    for (int i = 0; i < KINDS; i++)
        append_cell(text, g_strdup(kinds[i].name), 13);
    g_string_append_c(text, '\n');
    for (int i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        if (!row->formula)
            continue;
        const struct rank_use most = most_of(row->formula->rank, row->formula->ranks);
        const struct rank_use found = row->simulated
                                          ? most_of(row->simulated->rank, row->simulated->ranks)
                                          : (struct rank_use){0};
        g_string_append_printf(text, "%-*s", width, row->method->name);
        append_kinds_of(text, &most, KINDS - 1);
        g_string_append(text, "  |");
        append_kinds_of(text, row->simulated ? &found : NULL, KINDS);
        g_string_append_c(text, '\n');
    }
}

static void append_memory(GString *text, const struct plan *plan, const struct row *rows, int count)
{
    g_string_append(
        text, "\nPeak memory and messages sent in a step, per rank\n"
              "             formula                                           |  simulated\n"
              "              activations   all memory  messages       bytes  |  activations   "
              "all memory  messages       bytes\n");
    for (int i = 0; i < count; i++)
        if (rows[i].formula)
            append_ranks(text, plan->part->note_word, &rows[i]);
    append_kinds(text, rows, count);
    g_string_append(text, plan->part->memory);
}

void plan_append_tables(GString *text, const struct plan *plan, const struct row *rows, int count)
{
    g_autofree char *speed = g_strdup_printf("%.4g", plan->platform->speed / 1e9);
    g_string_append_printf(
        text,
        "%s (%d layers) on %d ranks of the platform %s, %s GFLOP/s each: a batch of %d samples in "
        "%d micro-batch%s\n",
        plan->model_name, plan->model->layers, plan->ranks, plan->platform_name, speed,
        plan->batch_size, plan->micro_batches, plan->micro_batches == 1 ? "" : "es");
    append_summary(text, plan, rows, count);
    append_differences(text, plan, rows, count);
    append_memory(text, plan, rows, count);
}
