/*
 * The boxes of a timeline's picture: their colours, and the data for gnuplot.
 */
#include "grader/pictures/picture_timeline_parts.h"

#include <math.h>

#define MOST_BOXES  80000 /* gnuplot takes its time, and files their space */
#define CHARACTER   0.64  /* width of a digit, by the size of its font */
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
    [TIMELINE_BACKWARD_INPUT] = {"backward for the input", 0xe69f00, "#000000", -0.43, 0.43},
    [TIMELINE_BACKWARD_WEIGHT] = {"backward for the weights", 0xf0e442, "#000000", -0.43, 0.43},
    [TIMELINE_OPTIMIZER] = {"optimizer step", 0x000000, "#ffffff", -0.43, 0.43},
    [TIMELINE_SENDING] = {"sending", 0xcc79a7, "#000000", 0.05, 0.35},
    [TIMELINE_WAITING] = {"waiting", 0x999999, "#000000", -0.06, 0.06},
    [TIMELINE_COMMUNICATING] = {"communicating", 0x009e73, "#000000", -0.2, 0.2},
    [TIMELINE_IN_FLIGHT] = {"collective in flight", 0x56b4e9, "#000000", 0, 1},
    [TIMELINE_TRANSFER] = {"transfer to or from the host", 0xd55e00, "#000000", 0, 1},
};

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

bool picture_looks_like(const struct timeline_bar *bar, struct picture_look look)
{
    return bar->kind == look.kind &&
           (!picture_has_number(bar->kind) || bar->stage_of_rank % PICTURE_SHADES == look.shade);
}

/* Where a box is drawn. A gap of a point, or of a fifth where the box is narrow, sets it apart from the
 * next: a border would hide narrow boxes. What takes next to no time is still seen, and nothing
 * lies outside of the frame. */
static void edges(const struct picture_layout *layout, const struct timeline_panel *panel,
                  const struct timeline_bar *bar, double *left, double *right)
{
    const double point = layout->span / layout->plot_width, width = bar->end - bar->begin;
    const double least = bar->kind == TIMELINE_OPTIMIZER ? 2 : 0.6;
    *left = bar->begin;
    *right = picture_has_number(bar->kind) ? bar->end - MIN(point, width / 5)
                                           : fmax(bar->end, bar->begin + least * point);
    const double beyond = *right - picture_frame_end(panel);
    if (beyond > 0) {
        *left = fmax(0, *left - beyond);
        *right -= beyond;
    }
}

/* Does "12" fit into the box, or into the larger part of one that two bands share? */
bool picture_number_fits(const struct picture_layout *layout, const struct timeline_bar *bar)
{
    int digits = bar->micro_batch > 99 ? 3 : bar->micro_batch > 9 ? 2 : 1;
    double begin = bar->begin, end = bar->end;
    const int band = picture_best_band(layout, begin, end);
    return !layout->coarse && bar->micro_batch >= 0 && layout->row_height >= 12 &&
           picture_clip(layout, band, &begin, &end) &&
           picture_points(layout, end - begin) >= digits * CHARACTER * layout->font_size + 1;
}

double picture_within_row(const struct picture_layout *layout, double place)
{
    return layout->lanes > 0 ? -0.13 + 0.74 * place : place;
}

/* A panel's rank, and the data of its boxes. */
struct row {
    const struct picture_layout *layout;
    int panel, rank;
    GString *boxes, *numbers;
};

static double place_of(const struct row *of, int band)
{
    return picture_row(of->layout, of->panel, band) + of->rank;
}

/* One box, in each band that it reaches into: "left right top bottom". */
static void add_box(const struct row *of, const struct timeline_bar *bar)
{
    const struct picture_layout *layout = of->layout;
    double top = looks[bar->kind].top, bottom = looks[bar->kind].bottom, left, right;
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
    edges(layout, &layout->panel[of->panel], bar, &left, &right);
    for (int band = 0; band < picture_bands(layout, of->panel); band++) {
        double from = left, to = right;
        if (picture_clip(layout, band, &from, &to))
            g_string_append_printf(of->boxes, "%.7g %.7g %g %g\n", from / layout->scale,
                                   to / layout->scale, place_of(of, band) + top,
                                   place_of(of, band) + bottom);
    }
}

/* Boxes that touch in the picture become one: what counts is where there is none. */
static void add_coarse(const struct row *of, struct picture_look look, const GArray *bars)
{
    const double near = of->layout->span / of->layout->plot_width;
    struct timeline_bar whole = {.kind = TIMELINE_KINDS};
    for (guint i = 0; i < bars->len; i++) {
        const struct timeline_bar *bar = &g_array_index(bars, struct timeline_bar, i);
        if (!picture_looks_like(bar, look))
            continue;
        if (whole.kind != TIMELINE_KINDS && bar->begin - whole.end < near) {
            whole.end = fmax(whole.end, bar->end);
            continue;
        }
        if (whole.kind != TIMELINE_KINDS)
            add_box(of, &whole);
        whole = *bar;
    }
    if (whole.kind != TIMELINE_KINDS)
        add_box(of, &whole);
}

static void add_number(const struct row *of, const struct timeline_bar *bar)
{
    double begin = bar->begin, end = bar->end;
    const int band = picture_best_band(of->layout, begin, end);
    picture_clip(of->layout, band, &begin, &end);
    g_string_append_printf(of->numbers, "%.7g %g %d\n", (begin + end) / 2 / of->layout->scale,
                           place_of(of, band) + picture_within_row(of->layout, 0),
                           bar->micro_batch);
}

static void add_rank(const struct row *of, struct picture_look look)
{
    const GArray *bars = of->layout->panel[of->panel].timeline->bar[of->rank];
    if (of->layout->coarse) {
        add_coarse(of, look, bars);
        return;
    }
    for (guint i = 0; i < bars->len; i++) {
        const struct timeline_bar *bar = &g_array_index(bars, struct timeline_bar, i);
        if (!picture_looks_like(bar, look))
            continue;
        add_box(of, bar);
        if (picture_has_number(bar->kind) && picture_number_fits(of->layout, bar))
            add_number(of, bar);
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

const char *picture_kind_name(enum timeline_kind kind)
{
    return looks[kind].name;
}

bool picture_is_strip(enum timeline_kind kind)
{
    return looks[kind].bottom - looks[kind].top < 0.5;
}

unsigned picture_colour(struct picture_look look)
{
    return shade_of(looks[look.kind].colour, picture_has_number(look.kind) ? look.shade : 0);
}

static void add_look(const struct picture_layout *layout, GString *script, GString *plot,
                     struct picture_look look)
{
    g_autoptr(GString) boxes = g_string_new(NULL);
    g_autoptr(GString) numbers = g_string_new(NULL);
    for (int panel = 0; panel < layout->panels; panel++)
        for (int rank = 0; rank < layout->panel[panel].timeline->ranks; rank++)
            add_rank(&(struct row){layout, panel, rank, boxes, numbers}, look);
    if (boxes->len == 0)
        return;
    g_autofree char *id = g_strdup_printf("%d_%d", look.kind, look.shade);
    g_string_append_printf(script, "$boxes%s << END\n%sEND\n", id, boxes->str);
    g_string_append_printf(plot,
                           ", $boxes%s using 1:3:1:2:3:4 with boxxyerror fc rgb '#%06x' fs solid "
                           "noborder notitle",
                           id, picture_colour(look));
    if (numbers->len == 0)
        return;
    g_string_append_printf(script, "$numbers%s << END\n%sEND\n", id, numbers->str);
    g_string_append_printf(plot,
                           ", $numbers%s using 1:2:3 with labels font ',%d' tc rgb '%s' notitle",
                           id, layout->font_size, looks[look.kind].text);
}

int picture_shades(enum timeline_kind kind)
{
    return picture_has_number(kind) ? PICTURE_SHADES : 1;
}

void picture_add_boxes(const struct picture_layout *layout, GString *script, GString *plot)
{
    /* Calls at the bottom: one within a computation must not hide it. An optimizer's step may be
     * so short that it would be hidden itself. */
    static const enum timeline_kind order[] = {TIMELINE_IN_FLIGHT,      TIMELINE_TRANSFER,
                                               TIMELINE_WAITING,        TIMELINE_COMMUNICATING,
                                               TIMELINE_SENDING,        TIMELINE_BACKWARD_WEIGHT,
                                               TIMELINE_BACKWARD_INPUT, TIMELINE_BACKWARD,
                                               TIMELINE_FORWARD,        TIMELINE_OPTIMIZER};
    enum { CALLS = 5 }; /* of them */
    for (gsize i = layout->calls ? 0 : CALLS; i < G_N_ELEMENTS(order); i++)
        for (int shade = picture_shades(order[i]) - 1; shade >= 0; shade--)
            add_look(layout, script, plot, (struct picture_look){order[i], shade});
    if (layout->calls)
        picture_add_collectives(layout, script, plot);
}
