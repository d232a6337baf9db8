/*
 * Where things are in a timeline's picture: its bands, rows and headings.
 */
#include "grader/pictures/picture_legend.h"
#include "grader/pictures/picture_timeline_parts.h"

#include <math.h>

#define TOP         12 /* above the title */
#define TITLE_FONT  12
#define TITLE_LINE  17
#define AXIS        46 /* below the rows: figures and name of the time axis */
#define ROW_HEIGHT  30
#define HIGHEST     900  /* all rows together */
#define BANDS_END   1000 /* no more bands than end there */
#define MOST_BANDS  8
#define LANES       10 /* what is in flight takes of a row, besides that */
#define MOST_LANES  4
#define HEADER      22 /* of a panel, without its heading's lines */
#define HEADER_FONT 11
#define LINE        15 /* of the heading */
#define NEXT_BAND   30 /* between bands: the figures of the axis */
#define LARGE_FONT  11 /* of the numbers */
#define SMALL_FONT  9
#define NEARLY_ALL  0.97

/* ---- bands and rows ------------------------------------------------------------------------ */

double picture_frame_end(const struct timeline_panel *panel)
{
    return fmax(panel->timeline->end, panel->timeline->makespan);
}

int picture_bands(const struct picture_layout *layout, int panel)
{
    /* A band that only rounding fills is none. */
    double bands = ceil(picture_frame_end(&layout->panel[panel]) / layout->span - 1e-6);
    return (int)fmin(fmax(bands, 1), layout->bands);
}

/* Rows are lower where there are many, headers are not. */
static double header_rows(const struct picture_layout *layout, int panel)
{
    return (HEADER + picture_lines_count(layout->text[panel]) * LINE) / layout->row_height;
}

static double panel_rows(const struct picture_layout *layout, int panel, int bands)
{
    return header_rows(layout, panel) + bands * layout->panel[panel].timeline->ranks +
           (bands - 1) * NEXT_BAND / layout->row_height;
}

double picture_row(const struct picture_layout *layout, int panel, int band)
{
    double row = header_rows(layout, panel) +
                 band * (layout->panel[panel].timeline->ranks + NEXT_BAND / layout->row_height);
    for (int before = 0; before < panel; before++) {
        row += panel_rows(layout, before, picture_bands(layout, before));
        if (layout->bands > 1)
            row += NEXT_BAND / layout->row_height;
    }
    return row;
}

double picture_rows_end(const struct picture_layout *layout)
{
    int last = layout->panels - 1;
    return picture_row(layout, last, picture_bands(layout, last) - 1) +
           layout->panel[last].timeline->ranks - 0.5;
}

bool picture_clip(const struct picture_layout *layout, int band, double *begin, double *end)
{
    double from = fmax(*begin - band * layout->span, 0);
    double to = fmin(*end - band * layout->span, layout->span);
    if (!(to > from))
        return false;
    *begin = from;
    *end = to;
    return true;
}

int picture_best_band(const struct picture_layout *layout, double begin, double end)
{
    int best = 0;
    double longest = 0;
    for (int band = 0; band < layout->bands; band++) {
        double from = begin, to = end;
        if (picture_clip(layout, band, &from, &to) && to - from > longest) {
            best = band;
            longest = to - from;
        }
    }
    return best;
}

double picture_points(const struct picture_layout *layout, double time)
{
    return layout->span > 0 ? time / layout->span * layout->plot_width : 0;
}

double picture_top(const struct picture_layout *layout)
{
    return layout->title ? TOP + picture_lines_count(layout->title) * TITLE_LINE : 2;
}

double picture_bottom(const struct picture_layout *layout)
{
    return AXIS + picture_lines_count(layout->note) * LINE + (layout->note ? 6 : 0) +
           picture_legend_height(layout->legend);
}

int picture_height(const struct picture_layout *layout)
{
    return (int)(picture_rows_end(layout) * layout->row_height + picture_top(layout) +
                 picture_bottom(layout));
}

/* ---- units --------------------------------------------------------------------------------- */

/* The largest unit that `end` has one or more of. */
static const char *choose_scale(enum timeline_unit unit, double end, double *scale)
{
    static const char *const seconds[] = {"ns", "µs", "ms", "s"};
    static const char *const flops[] = {"FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP"};
    *scale = 1;
    if (unit == TIMELINE_FORWARDS)
        return "";
    gsize last = unit == TIMELINE_FLOPS ? G_N_ELEMENTS(flops) - 1 : G_N_ELEMENTS(seconds) - 1;
    gsize i = 0;
    for (; i < last && end / *scale >= 1000; i++)
        *scale *= 1000;
    return unit == TIMELINE_FLOPS ? flops[i] : seconds[i];
}

/* ---- headings ------------------------------------------------------------------------------ */

/* Does a collective end behind the makespan? */
static bool collectives_follow(const struct timeline *timeline)
{
    for (int rank = 0; rank < timeline->ranks; rank++)
        for (guint i = 0; i < timeline->bar[rank]->len; i++) {
            const struct timeline_bar *bar =
                &g_array_index(timeline->bar[rank], struct timeline_bar, i);
            if (bar->call != NO_COLLECTIVE_CALL && bar->end > timeline->makespan)
                return true;
        }
    return false;
}

/* "your run: 33.0 ms; bubble (idle / makespan) 27.3 %, by the formula … 27.3 %". */
static char *heading(const struct picture_layout *layout, const struct timeline_panel *panel)
{
    const char *unit = layout->unit;
    GString *text = g_string_new(panel->label);
    g_string_append_printf(text, "%s%.4g%s%s", panel->label[0] ? ": " : "",
                           panel->timeline->makespan / layout->scale, unit[0] ? " " : "", unit);
    if (collectives_follow(panel->timeline))
        g_string_append_printf(text, ", %.4g %s with what follows",
                               panel->timeline->end / layout->scale, unit);
    g_string_append_printf(text, "; bubble (idle / makespan) %.1f %%",
                           100 * timeline_bubble(panel->timeline));
    if (panel->formula)
        g_string_append_printf(text, ", formula %s: %.1f %%", panel->formula,
                               100 * panel->formula_bubble);
    if (panel->timeline->stuck)
        g_string_append(text, "; it got stuck where the boxes end");
    g_autofree char *hidden = picture_hidden_text(panel->timeline);
    if (hidden)
        g_string_append_printf(text, "\n%s", hidden);
    char *lines = picture_text_lines(text->str, HEADER_FONT, layout->width - 16);
    g_string_free(text, TRUE);
    return lines;
}

/* ---- how much is shown --------------------------------------------------------------------- */

static void set_bands(struct picture_layout *layout, int bands, int font_size)
{
    layout->bands = bands;
    layout->span = layout->end / bands;
    layout->font_size = font_size;
}

/* As few bands as show nearly all numbers that can be shown; none for numbers that can't. */
static void choose_bands(struct picture_layout *layout)
{
    static const int fonts[] = {LARGE_FONT, SMALL_FONT};
    int shown[G_N_ELEMENTS(fonts)][MOST_BANDS] = {0}, all = 0, most = 0;
    set_bands(layout, 1, LARGE_FONT);
    for (gsize font = 0; font < G_N_ELEMENTS(fonts) && !layout->coarse; font++)
        for (int bands = 1; bands <= MOST_BANDS; bands++) {
            int hidden;
            set_bands(layout, bands, fonts[font]);
            if (bands > 1 && picture_rows_end(layout) * layout->row_height > BANDS_END)
                break;
            all = picture_count_numbers(layout, &hidden);
            shown[font][bands - 1] = all - hidden;
            most = MAX(most, all - hidden);
        }
    for (gsize font = 0; font < G_N_ELEMENTS(fonts) && 2 * most > all; font++)
        for (int bands = 1; bands <= MOST_BANDS; bands++)
            if (shown[font][bands - 1] >= NEARLY_ALL * most) {
                set_bands(layout, bands, fonts[font]);
                return;
            }
    set_bands(layout, 1, shown[1][0] > shown[0][0] ? SMALL_FONT : LARGE_FONT);
}

struct picture_layout picture_layout_new(const struct timeline_panel *panel, int panels,
                                         const char *title)
{
    struct picture_layout layout = {.panel = panel,
                                    .panels = panels,
                                    .width = PICTURE_WIDTH,
                                    .plot_width = PICTURE_WIDTH - PICTURE_LEFT - PICTURE_RIGHT,
                                    .text = g_new0(char *, (gsize)panels)};
    int ranks = 0;
    for (int i = 0; i < panels; i++) {
        ranks += panel[i].timeline->ranks;
        layout.lanes = MAX(layout.lanes, MIN(panel[i].timeline->lanes, MOST_LANES));
        layout.end = fmax(layout.end, picture_frame_end(&panel[i]));
    }
    layout.unit = choose_scale(panel[0].timeline->unit, layout.end, &layout.scale);
    for (int i = 0; i < panels; i++)
        layout.text[i] = heading(&layout, &panel[i]);
    layout.title = title ? picture_text_lines(title, TITLE_FONT, layout.width - 16) : NULL;
    picture_choose_detail(&layout);
    if (!layout.calls)
        layout.lanes = 0;
    double row = layout.lanes > 0 ? ROW_HEIGHT + LANES : ROW_HEIGHT;
    layout.row_height = fmin(row, fmax((double)HIGHEST / MAX(ranks, 1), 1.5));
    choose_bands(&layout);
    g_autofree char *note = picture_note(&layout);
    layout.note = note ? picture_text_lines(note, HEADER_FONT, layout.width - 16) : NULL;
    picture_add_legend(&layout);
    return layout;
}

void picture_layout_clear(struct picture_layout *layout)
{
    for (int i = 0; i < layout->panels; i++)
        g_free(layout->text[i]);
    g_free(layout->text);
    g_free(layout->title);
    g_free(layout->note);
    picture_legend_free(layout->legend);
}
