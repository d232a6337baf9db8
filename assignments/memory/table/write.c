/* Markdown and CSV; see table.h. */
#include "assignments/memory/table/table.h"

#include "common/base/units.h"

#include <math.h>

static const struct {
    enum memory_kind kind;
    const char *name, *word;
} kinds[] = {
    {MEMORY_PARAMETER, "parameters", "parameters"},
    {MEMORY_GRADIENT, "gradients", "gradients"},
    {MEMORY_OPTIMIZER, "optimizer", "optimizer's state"},
    {MEMORY_ACTIVATION, "activations", "activations"},
    {MEMORY_WORKSPACE, "workspace", "workspace"},
    {MEMORY_HOST, "host", "on the host"},
};

/* ---- Markdown ----------------------------------------------------------------------------------------- */

typedef const char *words_function(double, char[UNITS_TEXT_SIZE]);

/* Measured, and by formula: "=" if that is the same to the byte. */
static void cell(GString *text, words_function *words, double measured, double formula)
{
    char one[UNITS_TEXT_SIZE], other[UNITS_TEXT_SIZE];
    if (measured == 0 && (isnan(formula) || formula == 0))
        g_string_append(text, " – |");
    else if (isnan(formula))
        g_string_append_printf(text, " %s |", words(measured, one));
    else if (fabs(measured - formula) < 0.5 && words == units_bytes)
        g_string_append_printf(text, " %s = |", words(measured, one));
    else
        g_string_append_printf(text, " %s (%s) |", words(measured, one), words(formula, other));
}

static void row_markdown(GString *text, const struct table_row *row)
{
    const struct figures *measured = &row->measured, *formula = &row->formula;
    char peak[UNITS_TEXT_SIZE];
    g_string_append_printf(text, "| %s | %s%s |", row->technique->name,
                           units_bytes(measured->peak, peak), measured->cut ? "*" : "");
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        cell(text, units_bytes, measured->most[kinds[i].kind], formula->most[kinds[i].kind]);
    cell(text, units_seconds, measured->seconds, formula->seconds);
    cell(text, units_bytes, measured->traffic, formula->traffic);
    g_string_append_c(text, '\n');
}

void table_markdown(GString *text, const struct table_part *part)
{
    bool cut = false;
    g_string_append(text, "| technique | peak |");
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        g_string_append_printf(text, " %s |", kinds[i].word);
    g_string_append(text, " step | traffic |\n|");
    for (gsize i = 0; i < G_N_ELEMENTS(kinds) + 4; i++)
        g_string_append(text, " --- |");
    g_string_append_c(text, '\n');
    for (guint i = 0; i < part->rows->len; i++) {
        const struct table_row *row = &g_array_index(part->rows, struct table_row, i);
        row_markdown(text, row);
        cut = cut || row->measured.cut;
    }
    if (cut)
        g_string_append(text, "\n\\* not all changes of memory were recorded: it may be more.\n");
}

static void percent(GString *text, double share, double formula)
{
    g_string_append_printf(text, " %.1f%%", 100 * share);
    if (!isnan(formula))
        g_string_append_printf(text, " (%.1f%%)", 100 * formula);
    g_string_append(text, " |");
}

void table_trades_markdown(GString *text, const GArray *trades)
{
    g_string_append(text, "| way | split into | peak memory | step | utilisation | traffic |\n"
                          "| --- | --- | --- | --- | --- | --- |\n");
    for (guint i = 0; i < trades->len; i++) {
        const struct trade *trade = &g_array_index(trades, struct trade, i);
        char peak[UNITS_TEXT_SIZE], seconds[UNITS_TEXT_SIZE];
        g_string_append_printf(text, "| %s | %s | %s | %s |", trade->name, trade->how,
                               units_bytes(trade->measured.peak, peak),
                               units_seconds(trade->measured.seconds, seconds));
        percent(text, trade->measured.utilisation, trade->utilisation);
        cell(text, units_bytes, trade->measured.traffic, trade->traffic);
        g_string_append_c(text, '\n');
    }
}

/* ---- CSV ------------------------------------------------------------------------------------------------ */

const char table_csv_head[] =
    "where,model,ranks,batch,micro_batches,technique,peak,parameters,gradients,optimizer,"
    "activations,workspace,host,seconds,utilisation,traffic,parameters_formula,gradients_formula,"
    "optimizer_formula,activations_formula,host_formula,seconds_formula,utilisation_formula,"
    "traffic_formula\n";

static void number(GString *text, double value)
{
    char plain[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_c(text, ',');
    if (!isnan(value))
        g_string_append(text, g_ascii_formatd(plain, sizeof plain, "%.15g", value));
}

static void line(GString *text, const struct table_setting *setting, const char *name,
                 const struct figures *measured, const struct figures *formula)
{
    g_string_append_printf(
        text, "%s,\"%s\",%d,%d,%d,\"%s\"", setting->platform_name ? setting->platform_name : "here",
        setting->model_name, setting->ranks, setting->batch, setting->micro_batches, name);
    number(text, measured->peak);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        number(text, measured->most[kinds[i].kind]);
    number(text, measured->seconds);
    number(text, measured->utilisation);
    number(text, measured->traffic);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kinds[i].kind != MEMORY_WORKSPACE)
            number(text, formula->most[kinds[i].kind]);
    number(text, formula->seconds);
    number(text, formula->utilisation);
    number(text, formula->traffic);
    g_string_append_c(text, '\n');
}

void table_csv(GString *text, const struct table_part *part)
{
    for (guint i = 0; i < part->rows->len; i++) {
        const struct table_row *row = &g_array_index(part->rows, struct table_row, i);
        line(text, &part->setting, row->technique->name, &row->measured, &row->formula);
    }
}

void table_trades_csv(GString *text, const GArray *trades, const struct table_setting *setting)
{
    for (guint i = 0; i < trades->len; i++) {
        const struct trade *trade = &g_array_index(trades, struct trade, i);
        struct figures formula = {
            .utilisation = trade->utilisation, .traffic = trade->traffic, .seconds = NAN};
        for (int kind = 0; kind < MEMORY_KINDS; kind++)
            formula.most[kind] = NAN;
        g_autofree char *name = g_strdup_printf("split: %s", trade->name);
        line(text, setting, name, &trade->measured, &formula);
    }
}
