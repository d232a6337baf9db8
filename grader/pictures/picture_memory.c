/* Pictures of memory over time, by gnuplot. */
#include "grader/pictures/picture_memory_parts.h"

#include "grader/pictures/gnuplot.h"

#include <math.h>

#define MOST_ROWS PICTURE_MEMORY_ROWS
#define WIDTH     PICTURE_WIDTH

/* From the bottom: what stays first. What is in the host's memory does not lie on them: it is a line of its
 * own. Colours of Okabe and Ito, which differ in lightness from neighbour
 * to neighbour. */
static const struct {
    enum memory_kind kind;
    const char *name;
    unsigned colour; /* 0xrrggbb */
} layers[] = {
    {MEMORY_PARAMETER, "parameters", 0x0072b2},      {MEMORY_GRADIENT, "gradients", 0xe69f00},
    {MEMORY_OPTIMIZER, "optimizer state", 0x404040}, {MEMORY_ACTIVATION, "activations", 0x56b4e9},
    {MEMORY_WORKSPACE, "workspace", 0xf0e442},       {MEMORY_HOST, "on the host", 0xd55e00},
};
_Static_assert(G_N_ELEMENTS(layers) == MEMORY_KINDS,
               "each kind has a layer, the host's is the last");

static double peak_of(const struct live_memory *memory)
{
    return memory->moments->len > 0 ? live_moment_bytes(live_moment(memory, memory->peak)) : 0;
}

/* All ranks or, of many, as many as there is room for, evenly; the highest instead of the nearest. */
static void choose_ranks(struct memory_drawing *drawing)
{
    const struct memory_scene *scene = drawing->scene;
    int highest = 0;
    for (int rank = 0; rank < scene->ranks; rank++)
        if (peak_of(&scene->memory[rank]) > peak_of(&scene->memory[highest]))
            highest = rank;
    drawing->rows = MIN(scene->ranks, MOST_ROWS);
    int nearest = 0;
    for (int row = 0; row < drawing->rows; row++) {
        drawing->rank[row] =
            drawing->rows == 1 ? 0 : (int)((gint64)row * (scene->ranks - 1) / (drawing->rows - 1));
        if (abs(drawing->rank[row] - highest) < abs(drawing->rank[nearest] - highest))
            nearest = row;
    }
    drawing->rank[nearest] = highest;
}

static void choose_scale(struct memory_drawing *drawing)
{
    static const char *const units[] = {"ns", "µs", "ms", "s"};
    drawing->scale = 1;
    gsize i = 0;
    for (; i + 1 < G_N_ELEMENTS(units) && drawing->end / drawing->scale >= 1000; i++)
        drawing->scale *= 1000;
    drawing->unit = units[i];
    if (drawing->scene->axis)
        drawing->scale = 1;
}

/* ---- the data ----------------------------------------------------------------------------- */

/* Of the moments that fall on one point of the picture, the one with most live bytes. */
static GArray *visible(const struct memory_drawing *drawing, const struct live_memory *memory)
{
    GArray *kept = g_array_new(FALSE, FALSE, sizeof(struct live_moment));
    double width = drawing->end / (2.0 * WIDTH), column = -1;
    for (guint i = 0; i < memory->moments->len; i++) {
        const struct live_moment *moment = live_moment(memory, i);
        double own = floor(moment->time / width);
        struct live_moment *last =
            kept->len > 0 ? &g_array_index(kept, struct live_moment, kept->len - 1) : NULL;
        if (!last || own > column || i + 1 == memory->moments->len)
            g_array_append_val(kept, *moment);
        else if (live_moment_bytes(moment) > live_moment_bytes(last))
            *last = *moment;
        column = own;
    }
    return kept;
}

/* One layer of a row: "time below above", as stairs. */
static void add_layer(const struct memory_drawing *drawing, int row, const GArray *moments,
                      int layer, GString *script)
{
    double before[2] = {0};
    g_string_append_printf(script, "$layer%d_%d << END\n", row, layer);
    for (guint i = 0; i < moments->len; i++) {
        const struct live_moment *moment = &g_array_index(moments, struct live_moment, i);
        double below = 0, time = moment->time / drawing->scale;
        for (int k = 0; k < layer; k++)
            below += moment->live[layers[k].kind];
        double edge[2] = {
            picture_memory_height(drawing, row, below),
            picture_memory_height(drawing, row, below + moment->live[layers[layer].kind])};
        if (i > 0)
            g_string_append_printf(script, "%.7g %.5f %.5f\n", time, before[0], before[1]);
        g_string_append_printf(script, "%.7g %.5f %.5f\n", time, edge[0], edge[1]);
        before[0] = edge[0];
        before[1] = edge[1];
    }
    g_string_append(script, "END\n");
}

static bool has_layer(const struct memory_drawing *drawing, int row, int layer)
{
    const struct live_memory *memory = &drawing->scene->memory[drawing->rank[row]];
    for (guint i = 0; i < memory->moments->len; i++)
        if (live_moment(memory, i)->live[layers[layer].kind] > 0)
            return true;
    return false;
}

/* The host's memory, as stairs. */
static void add_host(const struct memory_drawing *drawing, int row, const GArray *moments,
                     GString *script, GString *plot)
{
    g_string_append_printf(script, "$host_%d << END\n", row);
    for (guint i = 0; i < moments->len; i++) {
        const struct live_moment *moment = &g_array_index(moments, struct live_moment, i);
        g_string_append_printf(script, "%.7g %.5f\n", moment->time / drawing->scale,
                               picture_memory_height(drawing, row, moment->live[MEMORY_HOST]));
    }
    g_string_append_printf(script, "END\n");
    g_string_append_printf(plot, ", $host_%d using 1:2 with steps lw 2 lc rgb '#%06x' notitle", row,
                           layers[MEMORY_DEVICE_KINDS].colour);
}

static void add_row(const struct memory_drawing *drawing, int row, GString *script, GString *plot)
{
    GArray *moments = visible(drawing, &drawing->scene->memory[drawing->rank[row]]);
    for (int layer = 0; layer < MEMORY_KINDS; layer++) {
        if (!has_layer(drawing, row, layer))
            continue;
        if (layers[layer].kind == MEMORY_HOST) {
            add_host(drawing, row, moments, script, plot);
            continue;
        }
        add_layer(drawing, row, moments, layer, script);
        g_string_append_printf(
            plot,
            ", $layer%d_%d using 1:2:3 with filledcurves fc rgb '#%06x' fs solid noborder notitle",
            row, layer, layers[layer].colour);
        g_string_append_printf(plot, ", $layer%d_%d using 1:3 with lines lw 0.5 lc black notitle",
                               row, layer);
    }
    g_array_unref(moments);
}

/* ---- all of it ---------------------------------------------------------------------------- */

static struct picture_legend *legend_of(const struct memory_drawing *drawing)
{
    struct picture_legend *legend = picture_legend_new(WIDTH);
    for (int layer = 0; layer < MEMORY_KINDS; layer++) {
        bool shown = false;
        for (int row = 0; row < drawing->rows; row++)
            shown |= has_layer(drawing, row, layer);
        if (shown)
            picture_legend_add(legend,
                               layers[layer].kind == MEMORY_HOST ? LEGEND_STRIP : LEGEND_BOX,
                               layers[layer].colour, layers[layer].name);
    }
    picture_legend_add(legend, LEGEND_ARROW, 0x000000, "most of the row, and what was done then");
    picture_legend_add(legend, LEGEND_DOTS, 0x808080, "most of all rows");
    return legend;
}

/* False if there is nothing to draw. */
static bool measure(struct memory_drawing *drawing)
{
    for (int rank = 0; rank < drawing->scene->ranks; rank++) {
        const struct live_memory *memory = &drawing->scene->memory[rank];
        for (guint i = 0; i < memory->moments->len; i++) {
            drawing->end = fmax(drawing->end, live_moment(memory, i)->time);
            drawing->highest = fmax(drawing->highest, live_moment(memory, i)->live[MEMORY_HOST]);
        }
        drawing->highest = fmax(drawing->highest, peak_of(memory));
    }
    choose_ranks(drawing);
    choose_scale(drawing);
    return drawing->end > 0 && drawing->highest > 0;
}

bool picture_of_memory(const struct memory_scene *scene, const char *title, const char *path,
                       GString *error)
{
    struct memory_drawing drawing = {.scene = scene};
    if (!measure(&drawing)) {
        g_string_append(error, "no memory was recorded in the step");
        return false;
    }
    g_autoptr(GString) script = g_string_new("# Draws the picture again: gnuplot THIS-FILE\n");
    g_autoptr(GString) plot = g_string_new("plot NaN notitle");
    g_autofree char *some =
        drawing.rows < scene->ranks
            ? g_strdup_printf("%s\n%d of %d ranks are drawn, the one with most memory among them",
                              title, drawing.rows, scene->ranks)
            : g_strdup(title);
    drawing.title = picture_text_lines(some, 12, WIDTH - 16);
    drawing.legend = legend_of(&drawing);
    picture_memory_frame(&drawing, script);
    for (int row = 0; row < drawing.rows; row++)
        add_row(&drawing, row, script, plot);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *script_path = g_strconcat(path, ".gnuplot", NULL);
    const int pictured = picture_memory_pictured(&drawing);
    picture_legend_free(drawing.legend);
    g_free(drawing.title);
    g_string_append_printf(script,
                           "set terminal svg size %d,%d font 'sans-serif,12' background rgb "
                           "'white'\nset output '%s.svg'\n%s\nunset output\n",
                           WIDTH, pictured, name, plot->str);
    g_string_append_printf(script,
                           "set terminal pngcairo size %d,%d fontscale 1.13 font 'sans-serif,12' "
                           "background rgb 'white'\nset output '%s.png'\n%s\nunset output\n",
                           WIDTH * 3 / 2, pictured * 3 / 2, name, plot->str);
    return gnuplot_run(script->str, script_path, error);
}
