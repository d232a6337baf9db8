/* The picture: of each technique a bar of what is in memory when most is, by kind; see table.h. */
#include "assignments/memory/table/table.h"

#include "grader/pictures/gnuplot.h"
#include "grader/pictures/picture_legend.h"

#include <math.h>

/* From the bottom; the host's memory stands on top of the others, apart. As in pictures of memory over time. */
static const struct {
    enum memory_kind kind;
    const char *name, *colour;
} layers[] = {
    {MEMORY_PARAMETER, "parameters", "#0072b2"},      {MEMORY_GRADIENT, "gradients", "#e69f00"},
    {MEMORY_OPTIMIZER, "optimizer state", "#404040"}, {MEMORY_ACTIVATION, "activations", "#56b4e9"},
    {MEMORY_WORKSPACE, "workspace", "#f0e442"},       {MEMORY_HOST, "on the host", "#d55e00"},
};
_Static_assert(G_N_ELEMENTS(layers) == MEMORY_KINDS, "each kind has a layer");

enum { PANEL = 560, WIDTH = PICTURE_WIDTH, KEY = 40 };

/* Of the panel's largest bar. */
static double unit_of(const struct table_part *part, const char **name)
{
    static const char *const names[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double most = 0, unit = 1;
    gsize i = 0;
    for (guint r = 0; r < part->rows->len; r++) {
        const struct table_row *row = &g_array_index(part->rows, struct table_row, r);
        most = fmax(most, row->measured.peak + row->measured.at_peak[MEMORY_HOST]);
    }
    for (; i + 1 < G_N_ELEMENTS(names) && most / unit >= 1024; i++)
        unit *= 1024;
    *name = names[i];
    return unit;
}

/* "left right bottom top", a line for each technique that has some of the kind. */
static void add_boxes(GString *script, const struct table_part *part, int panel, int layer,
                      double unit)
{
    g_string_append_printf(script, "$boxes%d_%d << END\nNaN NaN NaN NaN NaN NaN\n", panel, layer);
    for (guint r = 0; r < part->rows->len; r++) {
        const struct figures *measured = &g_array_index(part->rows, struct table_row, r).measured;
        double below = 0;
        for (int k = 0; k < layer; k++)
            below += measured->at_peak[layers[k].kind];
        const double own = measured->at_peak[layers[layer].kind];
        if (own > 0)
            g_string_append_printf(script, "%u 0 %.3f %.3f %.9g %.9g\n", r, r - 0.38, r + 0.38,
                                   below / unit, (below + own) / unit);
    }
    g_string_append(script, "END\n");
}

static void add_panel(GString *script, const struct table_part *part, int panel, int count)
{
    const struct table_setting *setting = &part->setting;
    const char *unit_name;
    const double unit = unit_of(part, &unit_name);
    g_autofree char *title = g_strdup_printf(
        "%s, %d ranks, batch of %d, %s", setting->model_name, setting->ranks, setting->batch,
        setting->platform_name ? setting->platform_name : "this computer");
    g_autofree char *lines = picture_text_lines(title, 13, WIDTH - 40);
    g_autofree char *quoted = gnuplot_quote(lines);
    g_autoptr(GString) tics = g_string_new(NULL);
    for (guint r = 0; r < part->rows->len; r++) {
        g_autofree char *name =
            gnuplot_quote(g_array_index(part->rows, struct table_row, r).technique->name);
        g_string_append_printf(tics, "%s%s %u", r ? ", " : "", name, r);
    }
    for (int layer = 0; layer < MEMORY_KINDS; layer++)
        add_boxes(script, part, panel, layer, unit);
    g_string_append_printf(script,
                           "set title %s\nset ylabel 'memory of a rank at its peak, %s'\n"
                           "set xtics (%s) rotate by 35 right scale 0 font ',10'\n"
                           "set xrange [-0.7:%g]\nset size 1,%g\nset origin 0,%g\nplot ",
                           quoted, unit_name, tics->str, part->rows->len - 0.3, 1.0 / count,
                           1 - (panel + 1.0) / count);
    for (int layer = 0; layer < MEMORY_KINDS; layer++)
        g_string_append_printf(script,
                               "%s$boxes%d_%d using 1:2:3:4:5:6 with boxxyerror fc rgb '%s' fs "
                               "solid %s border lc black lw 0.5 title '%s'",
                               layer ? ", " : "", panel, layer, layers[layer].colour,
                               layers[layer].kind == MEMORY_HOST ? "0.35" : "1",
                               layers[layer].name);
    g_string_append_c(script, '\n');
}

bool table_bars(const struct table_part *part, int count, const char *path, GString *error)
{
    g_autofree char *script_path = g_strconcat(path, ".gnuplot", NULL);
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(GString) script = g_string_new("# Draws the picture again: gnuplot THIS-FILE\n");
    g_string_append_printf(
        script,
        "set encoding utf8\nset terminal svg size %d,%d font 'sans-serif,12' "
        "background rgb 'white'\nset output '%s.svg'\nset multiplot\n"
        "set grid ytics\nset yrange [0:*]\nset lmargin 12\nset rmargin 3\n"
        "set bmargin 12\nset key outside top center horizontal maxrows 2 noenhanced\n",
        WIDTH, count * PANEL + KEY, name);
    for (int panel = 0; panel < count; panel++)
        add_panel(script, &part[panel], panel, count);
    g_string_append(script, "unset multiplot\nunset output\n");
    return gnuplot_run(script->str, script_path, error);
}
