/*
 * What a timeline's picture does not show, in a sentence.
 */
#include "grader/pictures/picture_timeline_parts.h"

bool picture_has_number(enum timeline_kind kind)
{
    return kind <= TIMELINE_BACKWARD_WEIGHT;
}

static void count_rank(const struct picture_layout *layout, int panel, int rank, int *all,
                       int *hidden)
{
    const GArray *bars = layout->panel[panel].timeline->bar[rank];
    for (guint i = 0; i < bars->len; i++) {
        const struct timeline_bar *bar = &g_array_index(bars, struct timeline_bar, i);
        if (!picture_has_number(bar->kind) || bar->micro_batch < 0)
            continue;
        (*all)++;
        *hidden += !picture_number_fits(layout, bar);
    }
}

int picture_count_numbers(const struct picture_layout *layout, int *hidden)
{
    int all = 0;
    *hidden = 0;
    for (int panel = 0; panel < layout->panels; panel++)
        for (int rank = 0; rank < layout->panel[panel].timeline->ranks; rank++)
            count_rank(layout, panel, rank, &all, hidden);
    return all;
}

/* The one rank whose boxes all those without a number are; -1: there are several. */
static int only_rank(const struct picture_layout *layout, bool *all_of_it)
{
    int only = -1;
    *all_of_it = true;
    for (int panel = 0; panel < layout->panels; panel++)
        for (int rank = 0; rank < layout->panel[panel].timeline->ranks; rank++) {
            int all = 0, hidden = 0;
            count_rank(layout, panel, rank, &all, &hidden);
            if (hidden > 0 && only >= 0 && only != rank)
                return -1;
            if (hidden > 0)
                only = rank;
            if (rank == only)
                *all_of_it &= hidden == all;
        }
    return only;
}

char *picture_note(const struct picture_layout *layout)
{
    GString *note = g_string_new(NULL);
    int hidden, all = picture_count_numbers(layout, &hidden);
    if (layout->coarse) {
        g_string_append_printf(note,
                               "%d boxes are too many to draw: neighbours are put together, "
                               "without numbers",
                               all);
    } else if (hidden > 0) {
        bool all_of_it;
        const int rank = only_rank(layout, &all_of_it);
        g_string_append_printf(note, "boxes too narrow for their number: %d of %d", hidden, all);
        if (rank >= 0)
            g_string_append_printf(note, " (%s rank %d)", all_of_it ? "all of" : "on", rank);
    }
    if (!layout->calls)
        g_string_append_printf(note, "%ssending and waiting are left out", note->len ? "; " : "");
    const int nameless = layout->calls ? picture_nameless_collectives(layout) : 0;
    if (nameless > 0)
        g_string_append_printf(note, "%s%d collective%s too narrow for %s name",
                               note->len ? "; " : "", nameless, nameless == 1 ? "" : "s",
                               nameless == 1 ? "its" : "their");
    if (note->len > 0)
        g_string_append(note, "; the trace (make timeline) has all");
    return g_string_free(note, note->len == 0);
}
