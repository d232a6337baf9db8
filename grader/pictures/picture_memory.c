/* Pictures of memory over time, by gnuplot. */
#include "grader/pictures/picture_memory.h"

#include "common/base/units.h"
#include "grader/pictures/gnuplot.h"

#include <math.h>

#define MOST_ROWS  12
#define WIDTH      860 /* points */
#define LEFT       110
#define RIGHT      20
#define TOP        40
#define BOTTOM     84
#define ROW_HEIGHT 84
#define ROOM       0.72 /* of a row for the curve; above it is the peak's label */

/* From the bottom: what stays first. What is in the host's memory does not lie on them: it is a line of its
 * own. Colours of Okabe and Ito, which differ in lightness from neighbour
 * to neighbour. */
static const struct {
    enum memory_kind kind;
    const char *name, *colour;
} layers[] = {
    {MEMORY_PARAMETER, "parameters", "#0072b2"},      {MEMORY_GRADIENT, "gradients", "#e69f00"},
    {MEMORY_OPTIMIZER, "optimizer state", "#404040"}, {MEMORY_ACTIVATION, "activations", "#56b4e9"},
    {MEMORY_WORKSPACE, "workspace", "#f0e442"},       {MEMORY_HOST, "on the host", "#d55e00"},
};
_Static_assert(G_N_ELEMENTS(layers) == MEMORY_KINDS,
               "each kind has a layer, the host's is the last");

struct drawing {
    const struct memory_scene *scene;
    int rows;
    int rank[MOST_ROWS]; /* [row] */
    double end;          /* of the time axis, nanoseconds */
    double highest;      /* of all peaks, of the device and of the host, bytes */
    double scale;        /* nanoseconds per unit of the axis */
    const char *unit;
};

static double peak_of(const struct live_memory *memory)
{
    return memory->moments->len > 0 ? live_moment_bytes(live_moment(memory, memory->peak)) : 0;
}

/* All ranks or, of many, as many as there is room for, evenly; the highest instead of the nearest. */
static void choose_ranks(struct drawing *drawing)
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

static void choose_scale(struct drawing *drawing)
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

/* Where so many bytes lie: rows are counted from the top, a row's bytes from its lower edge. */
static double height(const struct drawing *drawing, int row, double bytes)
{
    return row + 1 - ROOM * bytes / drawing->highest;
}

/* ---- the data ----------------------------------------------------------------------------- */

/* Of the moments that fall on one point of the picture, the one with most live bytes. */
static GArray *visible(const struct drawing *drawing, const struct live_memory *memory)
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
static void add_layer(const struct drawing *drawing, int row, const GArray *moments, int layer,
                      GString *script)
{
    double before[2] = {0};
    g_string_append_printf(script, "$layer%d_%d << END\n", row, layer);
    for (guint i = 0; i < moments->len; i++) {
        const struct live_moment *moment = &g_array_index(moments, struct live_moment, i);
        double below = 0, time = moment->time / drawing->scale;
        for (int k = 0; k < layer; k++)
            below += moment->live[layers[k].kind];
        double edge[2] = {height(drawing, row, below),
                          height(drawing, row, below + moment->live[layers[layer].kind])};
        if (i > 0)
            g_string_append_printf(script, "%.7g %.5f %.5f\n", time, before[0], before[1]);
        g_string_append_printf(script, "%.7g %.5f %.5f\n", time, edge[0], edge[1]);
        before[0] = edge[0];
        before[1] = edge[1];
    }
    g_string_append(script, "END\n");
}

static bool has_layer(const struct drawing *drawing, int row, int layer)
{
    const struct live_memory *memory = &drawing->scene->memory[drawing->rank[row]];
    for (guint i = 0; i < memory->moments->len; i++)
        if (live_moment(memory, i)->live[layers[layer].kind] > 0)
            return true;
    return false;
}

/* The host's memory, as stairs. */
static void add_host(const struct drawing *drawing, int row, const GArray *moments, GString *script,
                     GString *plot)
{
    g_string_append_printf(script, "$host_%d << END\n", row);
    for (guint i = 0; i < moments->len; i++) {
        const struct live_moment *moment = &g_array_index(moments, struct live_moment, i);
        g_string_append_printf(script, "%.7g %.5f\n", moment->time / drawing->scale,
                               height(drawing, row, moment->live[MEMORY_HOST]));
    }
    g_string_append_printf(script, "END\n");
    g_string_append_printf(plot, ", $host_%d using 1:2 with steps lw 2 lc rgb '%s' notitle", row,
                           layers[MEMORY_DEVICE_KINDS].colour);
}

static void add_row(const struct drawing *drawing, int row, GString *script, GString *plot,
                    bool shown[MEMORY_KINDS])
{
    GArray *moments = visible(drawing, &drawing->scene->memory[drawing->rank[row]]);
    for (int layer = 0; layer < MEMORY_KINDS; layer++) {
        if (!has_layer(drawing, row, layer))
            continue;
        shown[layer] = true;
        if (layers[layer].kind == MEMORY_HOST) {
            add_host(drawing, row, moments, script, plot);
            continue;
        }
        add_layer(drawing, row, moments, layer, script);
        g_string_append_printf(
            plot,
            ", $layer%d_%d using 1:2:3 with filledcurves fc rgb '%s' fs solid noborder notitle",
            row, layer, layers[layer].colour);
        g_string_append_printf(plot, ", $layer%d_%d using 1:3 with lines lw 0.5 lc black notitle",
                               row, layer);
    }
    g_array_unref(moments);
}

/* ---- the frame ---------------------------------------------------------------------------- */

/* A mark at the peak, and beside it how much and when. */
static void add_peak(const struct drawing *drawing, int row, GString *script)
{
    const int rank = drawing->rank[row];
    const struct live_memory *memory = &drawing->scene->memory[rank];
    if (memory->moments->len == 0)
        return;
    const struct live_moment *peak = live_moment(memory, memory->peak);
    char bytes[UNITS_TEXT_SIZE];
    g_autofree char *doing =
        live_moment_doing(&drawing->scene->logs[rank], peak, drawing->scene->step);
    g_autofree char *text =
        g_strdup_printf("%s, %s%s", units_bytes(live_moment_bytes(peak), bytes), doing,
                        memory->cut ? "; not all changes were recorded" : "");
    g_autofree char *quoted = gnuplot_quote(text);
    double time = peak->time / drawing->scale, top = height(drawing, row, live_moment_bytes(peak));
    const bool to_the_right = peak->time < drawing->end / 2;
    g_string_append_printf(
        script, "set arrow from %.7g,%.5f to %.7g,%.5f size screen 0.006,25 filled front\n", time,
        top - 0.16, time, top);
    g_string_append_printf(script, "set label %s at %.7g,%.5f %s offset %s,0 font ',10' front\n",
                           quoted, time, top - 0.13, to_the_right ? "left" : "right",
                           to_the_right ? "0.6" : "-0.6");
}

/* Quoted. */
static char *name_of(const struct drawing *drawing, int row)
{
    const int rank = drawing->rank[row];
    g_autofree char *text = drawing->scene->names ? g_strdup(drawing->scene->names[rank])
                                                  : g_strdup_printf("rank %d", rank);
    return gnuplot_quote(text);
}

static char *axis_of(const struct drawing *drawing)
{
    g_autofree char *text =
        drawing->scene->axis
            ? g_strdup(drawing->scene->axis)
            : g_strdup_printf("time since the begin of the step, in %s", drawing->unit);
    return gnuplot_quote(text);
}

static void add_frame(const struct drawing *drawing, const char *title, GString *script)
{
    const int pictured = TOP + drawing->rows * ROW_HEIGHT + BOTTOM;
    g_autofree char *quoted = gnuplot_quote(title), *axis = axis_of(drawing);
    g_autoptr(GString) tics = g_string_new(NULL);
    char most[UNITS_TEXT_SIZE];
    units_bytes(drawing->highest, most);
    for (int row = 0; row < drawing->rows; row++) {
        g_autofree char *row_name = name_of(drawing, row);
        g_string_append_printf(tics, "%s%s %g, '0' %d, '%s' %.5f", row ? ", " : "", row_name,
                               row + 1 - ROOM / 2, row + 1, most,
                               height(drawing, row, drawing->highest));
        g_string_append_printf(script,
                               "set arrow from graph 0,first %d to graph 1,first %d nohead lw "
                               "0.5 lc rgb '#808080' front\n",
                               row + 1, row + 1);
        g_string_append_printf(script,
                               "set arrow from graph 0,first %.5f to graph 1,first %.5f nohead "
                               "lw 0.5 dt 3 lc rgb '#808080'\n",
                               height(drawing, row, drawing->highest),
                               height(drawing, row, drawing->highest));
        add_peak(drawing, row, script);
    }
    g_string_append_printf(
        script,
        "set title %s offset 0,-0.3\nset encoding utf8\nset xrange [0:%.7g]\nset yrange [%d:0]\n"
        "set ytics (%s) scale 0 font ',10'\nset xtics nomirror out\nset border 1\n"
        "set xlabel %s offset 0,0.3\n"
        "set lmargin at screen %g\nset rmargin at screen %g\n"
        "set tmargin at screen %g\nset bmargin at screen %g\n"
        "set key at screen 0.5,screen %g center center horizontal maxrows 1 samplen 1.5 width 1\n",
        quoted, drawing->end / drawing->scale, drawing->rows, tics->str, axis, (double)LEFT / WIDTH,
        1 - (double)RIGHT / WIDTH, 1 - (double)TOP / pictured, (double)BOTTOM / pictured,
        20.0 / pictured);
}

static void add_key(const bool shown[MEMORY_KINDS], GString *plot)
{
    for (int layer = 0; layer < MEMORY_KINDS; layer++)
        if (shown[layer])
            g_string_append_printf(plot,
                                   ", keyentry with boxes fc rgb '%s' fs solid border lc black "
                                   "title '%s'",
                                   layers[layer].colour, layers[layer].name);
}

/* False if there is nothing to draw. */
static bool measure(struct drawing *drawing)
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
    struct drawing drawing = {.scene = scene};
    bool shown[MEMORY_KINDS] = {false};
    if (!measure(&drawing)) {
        g_string_append(error, "no memory was recorded in the step");
        return false;
    }
    g_autoptr(GString) script = g_string_new("# Draws the picture again: gnuplot THIS-FILE\n");
    g_autoptr(GString) plot = g_string_new("plot NaN notitle");
    add_frame(&drawing, title, script);
    for (int row = 0; row < drawing.rows; row++)
        add_row(&drawing, row, script, plot, shown);
    add_key(shown, plot);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *script_path = g_strconcat(path, ".gnuplot", NULL);
    const int pictured = TOP + drawing.rows * ROW_HEIGHT + BOTTOM;
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
