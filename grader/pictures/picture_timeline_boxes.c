/*
 * The boxes of a timeline's picture: their colours, and the data for gnuplot.
 */
#include "grader/pictures/picture_timeline_parts.h"

#include <math.h>

#define MOST_BOXES  80000 /* gnuplot takes its time, and files their space */
#define CHARACTER   0.66  /* width of a digit, by the size of its font */
#define MOST_STAGES 4     /* that the key lists for one colour */
#define LANES_TOP   0.21  /* of what is in flight, below the boxes */
#define LANES_BELOW 0.45

/* How a kind of bar looks. */
static const struct {
    const char *name;
    unsigned colour;    /* 0xrrggbb */
    const char *text;   /* colour of the number */
    double top, bottom; /* of the box, from the middle of its row */
} looks[TIMELINE_KINDS] = {
    [TIMELINE_FORWARD] = {"forward", 0x0072b2, "#ffffff", -0.43, 0.43},
    [TIMELINE_BACKWARD] = {"backward", 0xe69f00, "#000000", -0.43, 0.43},
    [TIMELINE_BACKWARD_INPUT] = {"backward, input", 0xe69f00, "#000000", -0.43, 0.43},
    [TIMELINE_BACKWARD_WEIGHT] = {"backward, weights", 0xf0e442, "#000000", -0.43, 0.43},
    [TIMELINE_OPTIMIZER] = {"optimizer", 0x000000, "#ffffff", -0.43, 0.43},
    [TIMELINE_SENDING] = {"sending", 0xcc79a7, "#000000", 0.05, 0.35},
    [TIMELINE_WAITING] = {"waiting", 0x999999, "#000000", -0.06, 0.06},
    [TIMELINE_COMMUNICATING] = {"communicating", 0x009e73, "#000000", -0.2, 0.2},
    [TIMELINE_IN_FLIGHT] = {"collective in flight", 0x56b4e9, "#000000", 0, 1},
    [TIMELINE_TRANSFER] = {"transfer to or from the host", 0xd55e00, "#000000", 0, 1},
};

static bool has_number(enum timeline_kind kind)
{
    return kind <= TIMELINE_BACKWARD_WEIGHT;
}

/* Later stages of a rank are lighter: part of the way to white. */
static unsigned shade_of(unsigned colour, int shade)
{
    unsigned result = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        unsigned channel = colour >> shift & 0xff;
        result |= (channel + (0xff - channel) * (unsigned)shade / 6) << shift;
    }
    return result;
}

/* ---- the boxes of one look ---------------------------------------------------------------- */

struct look {
    enum timeline_kind kind;
    int shade;
};

static bool looks_like(const struct timeline_bar *bar, struct look look)
{
    return bar->kind == look.kind &&
           (!has_number(bar->kind) || bar->stage_of_rank % PICTURE_SHADES == look.shade);
}

static double points(const struct picture_layout *layout, double time)
{
    return layout->end > 0 ? time / layout->end * layout->plot_width : 0;
}

/* A gap of a point, or of a fifth where the box is narrow, sets a box apart from the next. A border
 * would hide narrow boxes. What takes next to no time is still seen. */
static double right_edge(const struct picture_layout *layout, const struct timeline_bar *bar)
{
    double point = layout->end / layout->plot_width, width = bar->end - bar->begin;
    if (!has_number(bar->kind))
        return fmax(bar->end, bar->begin + (bar->kind == TIMELINE_OPTIMIZER ? 2 : 0.6) * point);
    return bar->end - MIN(point, width / 5);
}

/* Does "12" fit into the box? */
static bool number_fits(const struct picture_layout *layout, const struct timeline_bar *bar)
{
    int digits = bar->micro_batch > 99 ? 3 : bar->micro_batch > 9 ? 2 : 1;
    return bar->micro_batch >= 0 && layout->row_height >= 12 &&
           points(layout, bar->end - bar->begin) >= digits * CHARACTER * layout->font_size + 1;
}

double picture_within_row(const struct picture_layout *layout, double place)
{
    return layout->lanes > 0 ? -0.13 + 0.74 * place : place;
}

/* One box: "left right top bottom". */
static void add_box(const struct picture_layout *layout, GString *boxes,
                    const struct timeline_bar *bar, double row)
{
    double top = looks[bar->kind].top, bottom = looks[bar->kind].bottom;
    if (layout->coarse && bar->kind == TIMELINE_FORWARD)
        bottom = 0; /* forwards above backwards: neither hides the other */
    else if (layout->coarse)
        top = 0;
    if (bar->kind == TIMELINE_IN_FLIGHT || bar->kind == TIMELINE_TRANSFER) {
        double height = (LANES_BELOW - LANES_TOP) / layout->lanes;
        top = LANES_TOP + bar->lane % layout->lanes * height;
        bottom = top + 0.8 * height;
    } else {
        top = picture_within_row(layout, top);
        bottom = picture_within_row(layout, bottom);
    }
    g_string_append_printf(boxes, "%.7g %.7g %g %g\n", bar->begin / layout->scale,
                           right_edge(layout, bar) / layout->scale, row + top, row + bottom);
}

/* Boxes that touch in the picture become one: what counts is where there is none. */
static void add_coarse(const struct picture_layout *layout, GString *boxes, struct look look,
                       const struct timeline *timeline, int rank, double row)
{
    double near = layout->end / layout->plot_width;
    struct timeline_bar whole = {.kind = TIMELINE_KINDS};
    for (guint i = 0; i < timeline->bar[rank]->len; i++) {
        const struct timeline_bar *bar =
            &g_array_index(timeline->bar[rank], struct timeline_bar, i);
        if (!looks_like(bar, look))
            continue;
        if (whole.kind != TIMELINE_KINDS && bar->begin - whole.end < near) {
            whole.end = fmax(whole.end, bar->end);
            continue;
        }
        if (whole.kind != TIMELINE_KINDS)
            add_box(layout, boxes, &whole, row);
        whole = *bar;
    }
    if (whole.kind != TIMELINE_KINDS)
        add_box(layout, boxes, &whole, row);
}

static void add_rank(const struct picture_layout *layout, GString *boxes, GString *numbers,
                     struct look look, const struct timeline *timeline, int rank, double row)
{
    if (layout->coarse) {
        add_coarse(layout, boxes, look, timeline, rank, row);
        return;
    }
    for (guint i = 0; i < timeline->bar[rank]->len; i++) {
        const struct timeline_bar *bar =
            &g_array_index(timeline->bar[rank], struct timeline_bar, i);
        if (!looks_like(bar, look))
            continue;
        add_box(layout, boxes, bar, row);
        if (has_number(bar->kind) && number_fits(layout, bar))
            g_string_append_printf(numbers, "%.7g %g %d\n",
                                   (bar->begin + bar->end) / 2 / layout->scale,
                                   row + picture_within_row(layout, 0), bar->micro_batch);
    }
}

/* ---- all of them -------------------------------------------------------------------------- */

static guint count_bars(const struct picture_layout *layout, bool calls)
{
    guint count = 0;
    for (int panel = 0; panel < layout->panels; panel++) {
        const struct timeline *timeline = layout->panel[panel].timeline;
        for (int rank = 0; rank < timeline->ranks; rank++)
            for (guint i = 0; i < timeline->bar[rank]->len; i++)
                count += calls || g_array_index(timeline->bar[rank], struct timeline_bar, i).kind <
                                      TIMELINE_SENDING;
    }
    return count;
}

void picture_choose_detail(struct picture_layout *layout)
{
    layout->calls = count_bars(layout, true) <= MOST_BOXES;
    layout->coarse = !layout->calls && count_bars(layout, false) > MOST_BOXES;
}

/* "forward"; where ranks have several stages, with the word for them and those of the shade. */
static char *name_of(const struct picture_layout *layout, struct look look)
{
    int stages = 1;
    for (int panel = 0; panel < layout->panels; panel++) {
        const struct timeline *timeline = layout->panel[panel].timeline;
        stages = MAX(stages, timeline->stages_of_rank);
    }
    if (stages == 1 || !has_number(look.kind))
        return g_strdup(looks[look.kind].name);
    const char *word = layout->panel[0].stage_word;
    GString *name = g_string_new(looks[look.kind].name);
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

static void add_look(const struct picture_layout *layout, GString *script, GString *plot,
                     GString *key, struct look look)
{
    g_autoptr(GString) boxes = g_string_new(NULL);
    g_autoptr(GString) numbers = g_string_new(NULL);
    for (int panel = 0; panel < layout->panels; panel++) {
        const struct timeline *timeline = layout->panel[panel].timeline;
        for (int rank = 0; rank < timeline->ranks; rank++)
            add_rank(layout, boxes, numbers, look, timeline, rank,
                     picture_row(layout, panel) + rank);
    }
    if (boxes->len == 0)
        return;
    g_autofree char *id = g_strdup_printf("%d_%d", look.kind, look.shade);
    g_autofree char *name = name_of(layout, look);
    g_autofree char *style =
        g_strdup_printf("fc rgb '#%06x' fs solid noborder",
                        shade_of(looks[look.kind].colour, has_number(look.kind) ? look.shade : 0));
    g_autofree char *entry = g_strdup_printf(", keyentry with boxes %s title '%s'", style, name);
    g_string_prepend(key, entry);
    g_string_append_printf(script, "$boxes%s << END\n%sEND\n", id, boxes->str);
    g_string_append_printf(plot, ", $boxes%s using 1:3:1:2:3:4 with boxxyerror %s notitle", id,
                           style);
    if (numbers->len == 0)
        return;
    g_string_append_printf(script, "$numbers%s << END\n%sEND\n", id, numbers->str);
    g_string_append_printf(plot,
                           ", $numbers%s using 1:2:3 with labels font ',%d' tc rgb '%s' notitle",
                           id, layout->font_size, looks[look.kind].text);
}

static void add_kind(const struct picture_layout *layout, GString *script, GString *plot,
                     GString *key, enum timeline_kind kind)
{
    int shades = has_number(kind) ? PICTURE_SHADES : 1;
    for (int shade = shades - 1; shade >= 0; shade--)
        add_look(layout, script, plot, key, (struct look){kind, shade});
}

void picture_add_boxes(const struct picture_layout *layout, GString *script, GString *plot)
{
    /* Calls at the bottom: one within a computation must not hide it. An optimizer's step may be
     * so short that it would be hidden itself. */
    static const enum timeline_kind order[] = {
        TIMELINE_IN_FLIGHT,      TIMELINE_TRANSFER, TIMELINE_WAITING,
        TIMELINE_COMMUNICATING,  TIMELINE_SENDING,  TIMELINE_BACKWARD_WEIGHT,
        TIMELINE_BACKWARD_INPUT, TIMELINE_BACKWARD, TIMELINE_FORWARD,
    };
    enum { CALLS = 5 }; /* of them */
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) optimizer_key = g_string_new(NULL);
    for (gsize i = layout->calls ? 0 : CALLS; i < G_N_ELEMENTS(order); i++)
        add_kind(layout, script, plot, key, order[i]);
    add_kind(layout, script, plot, optimizer_key, TIMELINE_OPTIMIZER);
    if (layout->calls)
        picture_add_collectives(layout, script, plot);
    g_string_append_printf(plot, "%s%s", key->str, optimizer_key->str);
}
