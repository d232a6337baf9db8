/* The tables of memory and messages: of each rank, and of each kind of memory. */
#include "planner/table_parts.h"

#include "common/base/units.h"

enum { RANKS_SHOWN = 8 }; /* rows, of more only the first */

/* ---- numbers ---------------------------------------------------------------------------------- */

static char *bytes_text(double bytes)
{
    char text[UNITS_TEXT_SIZE];
    return g_strdup(units_bytes(bytes, text));
}

/* Of all kinds together that are on the device. */
static double memory_of(const struct rank_use *use)
{
    double bytes = 0;
    for (int kind = 0; kind < MEMORY_DEVICE_KINDS; kind++)
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

/* The most that one of the ranks has of all kinds together on its device. */
static double most_memory_of(const struct rank_use *rank, int ranks)
{
    double most = 0;
    for (int r = 0; r < ranks; r++)
        most = MAX(most, memory_of(&rank[r]));
    return most;
}

static void append_use(GString *table, const struct rank_use *use, double memory)
{
    plan_append_cell(table, use ? bytes_text(use->peak[MEMORY_ACTIVATION]) : g_strdup("-"), 13);
    plan_append_cell(table, use ? bytes_text(memory) : g_strdup("-"), 13);
    plan_append_cell(table, use ? g_strdup_printf("%d", use->messages) : g_strdup("-"), 10);
    plan_append_cell(table, use ? bytes_text(use->message_bytes) : g_strdup("-"), 12);
}

/* ---- rank by rank ----------------------------------------------------------------------------- */

static void append_rank(GString *text, const char *name, const struct rank_use *formula,
                        const struct rank_use *simulated)
{
    g_string_append_printf(text, "  %-10s", name);
    append_use(text, formula, memory_of(formula));
    g_string_append(text, "  |");
    append_use(text, simulated, simulated ? memory_of(simulated) : 0);
    g_string_append_c(text, '\n');
}

static void append_most(GString *text, const struct formula *formula,
                        const struct simulated *simulated)
{
    const struct rank_use most = most_of(formula->rank, formula->ranks);
    g_string_append_printf(text, "  %-10s", "most");
    append_use(text, &most, most_memory_of(formula->rank, formula->ranks));
    g_string_append(text, "  |");
    if (simulated) {
        const struct rank_use found = most_of(simulated->rank, simulated->ranks);
        append_use(text, &found, most_memory_of(simulated->rank, simulated->ranks));
    } else {
        append_use(text, NULL, 0);
    }
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
    append_most(text, formula, simulated);
}

/* ---- kind by kind ----------------------------------------------------------------------------- */

static const struct {
    enum memory_kind kind;
    const char *name;
} kinds[] = {{MEMORY_PARAMETER, "parameters"}, {MEMORY_GRADIENT, "gradients"},
             {MEMORY_OPTIMIZER, "optimizer"},  {MEMORY_ACTIVATION, "activations"},
             {MEMORY_HOST, "on the host"},     /* if anything was moved there */
             {MEMORY_WORKSPACE, "workspace"}}; /* last: only the simulation knows it */
enum { KINDS = sizeof kinds / sizeof *kinds };

/* Was anything moved to the host, by the formula or in the simulation? */
static bool any_on_host(const struct row *rows, int count)
{
    double most = 0;
    for (int i = 0; i < count; i++) {
        if (!rows[i].formula)
            continue;
        most = MAX(most, most_of(rows[i].formula->rank, rows[i].formula->ranks).peak[MEMORY_HOST]);
        if (rows[i].simulated)
            most = MAX(
                most, most_of(rows[i].simulated->rank, rows[i].simulated->ranks).peak[MEMORY_HOST]);
    }
    return most > 0;
}

/* The first `count` kinds. most == NULL: not known. */
static void append_kinds_of(GString *text, const struct rank_use *most, int count, bool host)
{
    for (int i = 0; i < count; i++)
        if (host || kinds[i].kind != MEMORY_HOST)
            plan_append_cell(text, most ? bytes_text(most->peak[kinds[i].kind]) : g_strdup("-"),
                             13);
}

static void append_names(GString *text, int count, bool host)
{
    for (int i = 0; i < count; i++)
        if (host || kinds[i].kind != MEMORY_HOST)
            plan_append_cell(text, g_strdup(kinds[i].name), 13);
}

static void append_kinds(GString *text, const struct row *rows, int count)
{
    const int width = plan_name_width(rows, count);
    const bool host = any_on_host(rows, count);
    g_string_append_printf(text,
                           "\nPeak memory by kind, of the rank that has most of it\n%*s formula%*s|"
                           "  simulated\n%*s",
                           width, "", 13 * (KINDS - (host ? 1 : 2)) - 6, "", width, "");
    append_names(text, KINDS - 1, host);
    g_string_append(text, "  |");
    append_names(text, KINDS, host);
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
        append_kinds_of(text, &most, KINDS - 1, host);
        g_string_append(text, "  |");
        append_kinds_of(text, row->simulated ? &found : NULL, KINDS, host);
        g_string_append_c(text, '\n');
    }
}

void plan_append_memory(GString *text, const struct plan *plan, const struct row *rows, int count)
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
