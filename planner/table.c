/*
 * The tables: one row per method, the closed form beside the simulated run, and
 * below them where the differences come from.
 */
#include "planner/table_parts.h"

#include "common/base/units.h"
#include "grader/text/progress.h"

#include <math.h>

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
    struct text_progress progress = text_progress_begin("simulating", all);
    for (int i = 0; i < all; i++, text_progress_done(&progress)) {
        struct row *row = &rows[(*count)++];
        row->method = &methods[i];
        row->refusal = part->refusal(plan, row->method);
        if (row->refusal)
            continue;
        row->caveat = part->caveat(plan, row->method);
        row->formula = part->formula(plan, row->method);
        text_progress_next(&progress, row->method->name);
        if (!missing)
            row->simulated = plan_simulated_new(plan, row->method, error);
        if (!missing && !row->simulated) {
            text_progress_end(&progress);
            plan_rows_free(rows, *count);
            return NULL;
        }
    }
    text_progress_end(&progress);
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

void plan_append_cell(GString *table, char *text, int width)
{
    const int blanks = width - (int)g_utf8_strlen(text, -1);
    g_string_append_printf(table, "%*s%s", MAX(blanks, 1), "", text);
    g_free(text);
}

int plan_name_width(const struct row *rows, int count)
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
    const int width = plan_name_width(rows, count);
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
        plan_append_cell(text, time_text(formula->seconds), 12);
        plan_append_cell(text, simulated ? time_text(simulated->seconds) : g_strdup("-"), 12);
        plan_append_cell(text, g_strdup_printf("%.2f%%", 100 * formula->bubble), 12);
        plan_append_cell(
            text, simulated ? g_strdup_printf("%.2f%%", 100 * simulated->bubble) : g_strdup("-"),
            12);
        plan_append_cell(text,
                         rows[0].formula
                             ? g_strdup_printf("%.3f", rows[0].formula->seconds / formula->seconds)
                             : g_strdup("-"),
                         12);
        plan_append_cell(
            text,
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
    plan_append_cell(text, time_text(formula->begin), 12);
    double before = formula->begin;
    for (int i = 0; part->causes[i]; before = formula->with[i++])
        plan_append_cell(text, part_text(formula->with[i] - before, formula), cause_width(part, i));
    plan_append_cell(
        text, simulated ? part_text(simulated->seconds - before, formula) : g_strdup("-"), 12);
    plan_append_cell(text, simulated ? time_text(simulated->seconds) : g_strdup("-"), 12);
    plan_append_cell(text, g_strdup_printf("%.3f x mean", formula->slowest), 18);
    g_string_append_c(text, '\n');
}

static void append_differences(GString *text, const struct plan *plan, const struct row *rows,
                               int count)
{
    const int width = plan_name_width(rows, count);
    g_string_append_printf(text, "\nWhere the difference in step time comes from\n%-*s", width,
                           plan->part->method_word);
    plan_append_cell(text, g_strdup(plan->part->begin_word), 12);
    for (int i = 0; plan->part->causes[i]; i++)
        plan_append_cell(text, g_strdup(plan->part->causes[i]), cause_width(plan->part, i));
    plan_append_cell(text, g_strdup(plan->part->rest_word), 12);
    g_string_append(text, "   simulated      slowest rank\n");
    for (int i = 0; i < count; i++)
        if (rows[i].formula)
            append_difference(text, plan->part, &rows[i], width);
    g_string_append(text, plan->part->differences);
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
    plan_append_memory(text, plan, rows, count);
}
