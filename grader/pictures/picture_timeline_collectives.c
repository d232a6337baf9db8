/*
 * What a timeline's picture says of collectives in words.
 */
#include "grader/pictures/gnuplot.h"
#include "grader/pictures/picture_timeline_parts.h"

#include "common/base/units.h"
#include "grader/trace/collective_summary.h"

#include <math.h>

#define FONT       8    /* points */
#define CHARACTER  0.58 /* width of a character, by the size of its font */
#define MOST_WORDS 4000 /* of a picture */
#define MOST_LINES 2

/* In the larger part of a bar that two bands share. */
static bool fits(const struct picture_layout *layout, const struct timeline_bar *bar, glong length)
{
    double begin = bar->begin, end = bar->end;
    if (!picture_clip(layout, picture_best_band(layout, begin, end), &begin, &end))
        return false;
    double width = picture_points(layout, end - begin);
    return layout->row_height >= 24 && width >= (double)length * CHARACTER * FONT + 4;
}

/* The longest of some texts that fits, or NULL. It stays the caller's. */
static const char *longest_fit(const struct picture_layout *layout, const struct timeline_bar *bar,
                               char *const *text, int count)
{
    for (int i = 0; i < count; i++)
        if (fits(layout, bar, g_utf8_strlen(text[i], -1)))
            return text[i];
    return NULL;
}

/* A panel's rank, and the words in its rows. */
struct row {
    const struct picture_layout *layout;
    const struct timeline *timeline;
    int panel, rank;
    GString *words;
};

static void add_word(const struct row *of, const struct timeline_bar *bar, double place,
                     const char *text)
{
    g_autofree char *quoted = gnuplot_quote(text);
    double begin = bar->begin, end = bar->end;
    const int band = picture_best_band(of->layout, begin, end);
    picture_clip(of->layout, band, &begin, &end);
    g_string_append_printf(of->words, "%.7g %g %s\n", (begin + end) / 2 / of->layout->scale,
                           picture_row(of->layout, of->panel, band) + of->rank +
                               picture_within_row(of->layout, place),
                           quoted);
}

/* "all-reduce {0, 2}, 1.5 MiB", or less of it. */
static void add_name(const struct row *of, const struct timeline_bar *bar)
{
    const struct timeline *timeline = of->timeline;
    const struct collective_call *call = &timeline->calls->call[bar->call];
    const struct group *group = collective_call_group(timeline->calls, call);
    const char *name = collective_call_name(call->operation);
    char bytes[UNITS_TEXT_SIZE];
    units_bytes((double)call->bytes, bytes);
    g_autoptr(GString) whom = g_string_new(NULL);
    if (group)
        group_describe(group, timeline->ranks, whom);
    char *text[] = {g_strdup_printf("%s %s, %s", name, whom->str, bytes),
                    g_strdup_printf("%s %s", name, whom->str), g_strdup(name)};
    const char *best = longest_fit(of->layout, bar, text, G_N_ELEMENTS(text));
    if (best)
        add_word(of, bar, 0, best);
    for (gsize i = 0; i < G_N_ELEMENTS(text); i++)
        g_free(text[i]);
}

/* "waited for rank 3", above the line. */
static void add_whom(const struct row *of, const struct timeline_bar *bar)
{
    int rank = of->timeline->calls->call[bar->call].waits_for;
    if (rank == LOG_NO_PEER)
        return;
    char *text[] = {g_strdup_printf("waited for rank %d", rank),
                    g_strdup_printf("for rank %d", rank), g_strdup_printf("rank %d", rank)};
    const char *best = longest_fit(of->layout, bar, text, G_N_ELEMENTS(text));
    if (best)
        add_word(of, bar, -0.26, best);
    for (gsize i = 0; i < G_N_ELEMENTS(text); i++)
        g_free(text[i]);
}

static void add_rank(const struct row *of, int *left)
{
    const GArray *bars = of->timeline->bar[of->rank];
    for (guint i = 0; i<bars->len && * left> 0; i++) {
        const struct timeline_bar *bar = &g_array_index(bars, struct timeline_bar, i);
        const gsize before = of->words->len;
        if (bar->call == NO_COLLECTIVE_CALL)
            continue;
        if (bar->kind == TIMELINE_COMMUNICATING)
            add_name(of, bar);
        else if (bar->kind == TIMELINE_WAITING)
            add_whom(of, bar);
        *left -= of->words->len > before;
    }
}

void picture_add_collectives(const struct picture_layout *layout, GString *script, GString *plot)
{
    g_autoptr(GString) words = g_string_new(NULL);
    int left = MOST_WORDS;
    for (int panel = 0; panel < layout->panels; panel++) {
        const struct timeline *timeline = layout->panel[panel].timeline;
        for (int rank = 0; timeline->calls && rank < timeline->ranks; rank++)
            add_rank(&(struct row){layout, timeline, panel, rank, words}, &left);
    }
    if (words->len == 0)
        return;
    g_string_append_printf(script, "$words << END\n%sEND\n", words->str);
    g_string_append_printf(plot, ", $words using 1:2:3 with labels font ',%d' notitle", FONT);
}

int picture_nameless_collectives(const struct picture_layout *layout)
{
    int nameless = 0;
    for (int panel = 0; panel < layout->panels; panel++) {
        const struct timeline *timeline = layout->panel[panel].timeline;
        for (int rank = 0; timeline->calls && rank < timeline->ranks; rank++)
            for (guint i = 0; i < timeline->bar[rank]->len; i++) {
                const struct timeline_bar *bar =
                    &g_array_index(timeline->bar[rank], struct timeline_bar, i);
                if (bar->call == NO_COLLECTIVE_CALL || bar->kind != TIMELINE_COMMUNICATING)
                    continue;
                const char *name = collective_call_name(timeline->calls->call[bar->call].operation);
                nameless += !fits(layout, bar, g_utf8_strlen(name, -1));
            }
    }
    return nameless;
}

char *picture_hidden_text(const struct timeline *timeline)
{
    if (!timeline->calls)
        return NULL;
    GArray *rows = collective_rows(timeline->calls);
    GString *text = g_string_new(NULL);
    int lines = 0, more = 0;
    for (guint i = 0; i < rows->len; i++) {
        const struct collective_row *row = &g_array_index(rows, struct collective_row, i);
        if (!row->nonblocking || row->in_flight <= 0)
            continue;
        if (++lines > MOST_LINES) {
            more++;
            continue;
        }
        char hidden[UNITS_TEXT_SIZE], all[UNITS_TEXT_SIZE];
        g_string_append_printf(
            text, "%s%s among %s: %s of %s in flight hidden behind computation (mean of its ranks)",
            lines > 1 ? "\n" : "", collective_call_name(row->operation), row->group,
            units_seconds(1e-9 * row->hidden / row->ranks, hidden),
            units_seconds(1e-9 * row->in_flight / row->ranks, all));
    }
    if (more > 0)
        g_string_append_printf(text, "; and %d more", more);
    collective_rows_free(rows);
    return g_string_free(text, lines == 0);
}
