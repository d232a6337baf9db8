/*
 * The table of collectives.
 */
#include "grader/pictures/table_collectives.h"

#include "common/base/units.h"
#include "grader/trace/collective_summary.h"

#define MOST_ROWS 40

enum { COLUMNS = 8 };

static const char *const heads[COLUMNS] = {
    "group",         "operation",           "times",    "handed in", "waiting",
    "communicating", "hidden of in flight", "came last"};
static const bool left[COLUMNS] = {true, true, false, false, false, false, false, true};

static char *seconds(double nanoseconds)
{
    char text[UNITS_TEXT_SIZE];
    return g_strdup(units_seconds(1e-9 * nanoseconds, text));
}

/* "12.3 ms of 14.1 ms (87 %)". */
static char *hidden(const struct collective_row *row)
{
    if (!row->nonblocking || row->in_flight <= 0)
        return g_strdup("-");
    g_autofree char *part = seconds(row->hidden / row->ranks),
                    *whole = seconds(row->in_flight / row->ranks);
    return g_strdup_printf("%s of %s (%.0f %%)", part, whole, 100 * row->hidden / row->in_flight);
}

/* "rank 3 (2 of 4)"; what never came to its end says so. */
static char *waited_for(const struct collective_row *row)
{
    GString *text = g_string_new(NULL);
    if (row->last == LOG_NO_PEER)
        g_string_append(text, "-");
    else
        g_string_append_printf(text, "rank %d (%d of %d)", row->last, row->times_last,
                               row->collectives);
    if (row->pending > 0)
        g_string_append_printf(text, "; %d call%s never ended", row->pending,
                               row->pending == 1 ? "" : "s");
    return g_string_free(text, FALSE);
}

static void fill(const struct collective_row *row, char *cell[COLUMNS])
{
    char bytes[UNITS_TEXT_SIZE];
    cell[0] = g_strdup(row->group);
    cell[1] = g_strdup(log_operation_name(row->operation));
    cell[2] = g_strdup_printf("%.4g", (double)row->calls / row->ranks);
    cell[3] = g_strdup(units_bytes(row->bytes / row->ranks, bytes));
    cell[4] = seconds(row->waiting / row->ranks);
    cell[5] = seconds(row->communicating / row->ranks);
    cell[6] = hidden(row);
    cell[7] = waited_for(row);
}

static void add_line(GString *text, char *const cell[COLUMNS], const glong width[COLUMNS])
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (int i = 0; i < COLUMNS; i++) {
        int space = (int)(width[i] - g_utf8_strlen(cell[i], -1));
        g_string_append_printf(line, "  %*s%s%*s", left[i] ? 0 : space, "", cell[i],
                               left[i] ? space : 0, "");
    }
    g_string_append_printf(text, "%s\n", g_strchomp(line->str));
}

void table_of_collectives(const struct collective_calls *calls, GString *text)
{
    GArray *rows = collective_rows(calls);
    const guint shown = MIN(rows->len, MOST_ROWS);
    char *(*cell)[COLUMNS] = g_malloc0((shown + 1) * sizeof *cell);
    glong width[COLUMNS] = {0};
    for (int i = 0; i < COLUMNS; i++)
        cell[0][i] = g_strdup(heads[i]);
    for (guint k = 0; k < shown; k++)
        fill(&g_array_index(rows, struct collective_row, k), cell[k + 1]);
    for (guint k = 0; k <= shown; k++)
        for (int i = 0; i < COLUMNS; i++)
            width[i] = MAX(width[i], g_utf8_strlen(cell[k][i], -1));
    if (shown > 0)
        g_string_append(text, "collectives of the step, of a rank (mean of those that called):\n");
    for (guint k = 0; k <= shown; k++) {
        if (shown > 0)
            add_line(text, cell[k], width);
        for (int i = 0; i < COLUMNS; i++)
            g_free(cell[k][i]);
    }
    if (rows->len > shown)
        g_string_append_printf(text, "  … and %u more rows\n", rows->len - shown);
    g_free(cell);
    collective_rows_free(rows);
}
