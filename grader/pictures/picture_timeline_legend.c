/*
 * What the colours and signs of a timeline's picture mean.
 */
#include "grader/pictures/picture_legend.h"
#include "grader/pictures/picture_timeline_parts.h"

#define MOST_STAGES 4 /* that the legend lists for one colour */

/* "forward"; where ranks have several stages, with the word for them and those of the shade. */
static char *name_of(const struct picture_layout *layout, struct picture_look look)
{
    int stages = 1;
    for (int panel = 0; panel < layout->panels; panel++) {
        const struct timeline *timeline = layout->panel[panel].timeline;
        stages = MAX(stages, timeline->stages_of_rank);
    }
    if (stages == 1 || !picture_has_number(look.kind))
        return g_strdup(picture_kind_name(look.kind));
    const char *word = layout->panel[0].stage_word;
    GString *name = g_string_new(picture_kind_name(look.kind));
    g_string_append_printf(name, ", %s ", word ? word : "own stage");
    for (int k = 0, stage = look.shade; stage < stages; k++, stage += PICTURE_SHADES) {
        if (k == MOST_STAGES) {
            g_string_append(name, "/…");
            break;
        }
        g_string_append_printf(name, "%s%d", k == 0 ? "" : "/", stage);
    }
    return g_string_free(name, FALSE);
}

static bool occurs(const struct picture_layout *layout, struct picture_look look)
{
    for (int panel = 0; panel < layout->panels; panel++) {
        const struct timeline *timeline = layout->panel[panel].timeline;
        for (int rank = 0; rank < timeline->ranks; rank++)
            for (guint i = 0; i < timeline->bar[rank]->len; i++)
                if (picture_looks_like(&g_array_index(timeline->bar[rank], struct timeline_bar, i),
                                       look))
                    return true;
    }
    return false;
}

void picture_add_legend(struct picture_layout *layout)
{
    bool behind = false;
    layout->legend = picture_legend_new(layout->width);
    for (enum timeline_kind kind = 0; kind < TIMELINE_KINDS; kind++)
        for (int shade = 0; shade < picture_shades(kind); shade++) {
            const struct picture_look look = {kind, shade};
            if ((!layout->calls && kind >= TIMELINE_SENDING) || !occurs(layout, look))
                continue;
            g_autofree char *name = name_of(layout, look);
            picture_legend_add(layout->legend, picture_is_strip(kind) ? LEGEND_STRIP : LEGEND_BOX,
                               picture_colour(look), name);
        }
    int hidden;
    if (picture_count_numbers(layout, &hidden) > hidden)
        picture_legend_add(layout->legend, LEGEND_NUMBER,
                           picture_colour((struct picture_look){TIMELINE_FORWARD, 0}),
                           "number: micro-batch");
    picture_legend_add(layout->legend, LEGEND_EMPTY, 0xffffff, "white: idle");
    for (int panel = 0; panel < layout->panels; panel++)
        behind |=
            layout->panel[panel].timeline->makespan < picture_frame_end(&layout->panel[panel]);
    if (behind)
        picture_legend_add(layout->legend, LEGEND_LINE, 0x404040, "end of the last backward");
}
