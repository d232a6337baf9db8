/* What stands around the rows of a picture of memory: axes, names, peaks, title and legend. */
#include "grader/pictures/picture_memory_parts.h"

#include "common/base/units.h"
#include "grader/pictures/gnuplot.h"

#define WIDTH      PICTURE_WIDTH
#define LEFT       96
#define RIGHT      20
#define TOP        12 /* above the title */
#define TITLE_LINE 17
#define AXIS_LABEL 36 /* below the rows: the middle of the axis' name */
#define AXIS       50 /* below the rows: figures and name of the axis */
#define ROW_HEIGHT 84
#define ROOM       0.72 /* of a row for the curve; above it is the peak's label */

double picture_memory_height(const struct memory_drawing *drawing, int row, double bytes)
{
    return row + 1 - ROOM * bytes / drawing->highest;
}

/* A mark at the peak, and beside it how much and when. */
static void add_peak(const struct memory_drawing *drawing, int row, GString *script)
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
    double time = peak->time / drawing->scale,
           top = picture_memory_height(drawing, row, live_moment_bytes(peak));
    const bool to_the_right = peak->time < drawing->end / 2;
    g_string_append_printf(
        script, "set arrow from %.7g,%.5f to %.7g,%.5f size screen 0.006,25 filled front\n", time,
        top - 0.16, time, top);
    g_string_append_printf(script, "set label %s at %.7g,%.5f %s offset %s,0 font ',11' front\n",
                           quoted, time, top - 0.13, to_the_right ? "left" : "right",
                           to_the_right ? "0.6" : "-0.6");
}

/* Quoted. */
static char *name_of(const struct memory_drawing *drawing, int row)
{
    const int rank = drawing->rank[row];
    g_autofree char *text = drawing->scene->names ? g_strdup(drawing->scene->names[rank])
                                                  : g_strdup_printf("rank %d", rank);
    return gnuplot_quote(text);
}

static char *axis_of(const struct memory_drawing *drawing)
{
    g_autofree char *text =
        drawing->scene->axis
            ? g_strdup(drawing->scene->axis)
            : g_strdup_printf("time since the begin of the step, in %s", drawing->unit);
    return gnuplot_quote(text);
}

static double top_of(const struct memory_drawing *drawing)
{
    return TOP + picture_lines_count(drawing->title) * TITLE_LINE;
}

static double bottom_of(const struct memory_drawing *drawing)
{
    return AXIS + picture_legend_height(drawing->legend);
}

int picture_memory_pictured(const struct memory_drawing *drawing)
{
    return (int)(top_of(drawing) + drawing->rows * ROW_HEIGHT + bottom_of(drawing));
}

void picture_memory_frame(const struct memory_drawing *drawing, GString *script)
{
    const int pictured = picture_memory_pictured(drawing);
    g_autofree char *quoted = gnuplot_quote(drawing->title), *axis = axis_of(drawing);
    g_autoptr(GString) tics = g_string_new(NULL);
    char most[UNITS_TEXT_SIZE];
    units_bytes(drawing->highest, most);
    for (int row = 0; row < drawing->rows; row++) {
        g_autofree char *row_name = name_of(drawing, row);
        g_string_append_printf(tics, "%s%s %g, '0' %d, '%s' %.5f", row ? ", " : "", row_name,
                               row + 1 - ROOM / 2, row + 1, most,
                               picture_memory_height(drawing, row, drawing->highest));
        g_string_append_printf(script,
                               "set arrow from graph 0,first %d to graph 1,first %d nohead lw "
                               "0.5 lc rgb '#808080' front\n",
                               row + 1, row + 1);
        g_string_append_printf(script,
                               "set arrow from graph 0,first %.5f to graph 1,first %.5f nohead "
                               "lw 0.5 dt 3 lc rgb '#808080'\n",
                               picture_memory_height(drawing, row, drawing->highest),
                               picture_memory_height(drawing, row, drawing->highest));
        add_peak(drawing, row, script);
    }
    g_string_append_printf(
        script,
        "set label %s at screen 0.5,%.5f center font ',12'\n"
        "set encoding utf8\nset xrange [0:%.7g]\nset yrange [%d:0]\n"
        "set ytics (%s) scale 0 font ',10'\nset xtics nomirror out scale 0.5 font ',10'\n"
        "set border 1\nunset key\nset label %s at screen 0.5,%.5f center font ',11'\n"
        "set lmargin at screen %g\nset rmargin at screen %g\n"
        "set tmargin at screen %g\nset bmargin at screen %g\n",
        quoted, 1 - 14.0 / pictured, drawing->end / drawing->scale, drawing->rows, tics->str, axis,
        (bottom_of(drawing) - AXIS_LABEL) / pictured, (double)LEFT / WIDTH,
        1 - (double)RIGHT / WIDTH, 1 - top_of(drawing) / pictured, bottom_of(drawing) / pictured);
    picture_legend_draw(drawing->legend, pictured, script);
}
