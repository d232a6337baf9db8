/* Pictures of schedules, by gnuplot. */
#include "grader/picture_timeline.h"

#include "grader/gnuplot.h"

#define MOST_BOXES 20000 /* more can't be seen, and gnuplot takes its time */
#define WIDTH      760   /* of the picture, points */
#define PLOT_WIDTH 640   /* of its inner part, about */
#define ROW_HEIGHT 44
#define CHARACTER  7 /* width of a digit, points */

/* What is drawn in which colour (Okabe and Ito). Blue is dark and orange light, so that grey
 * prints tell them apart, too. */
static const struct {
    enum log_operation operation;
    const char *name, *box, *text;
} looks[] = {
    {LOG_FORWARD, "forward", "#0072b2", "#ffffff"},
    {LOG_BACKWARD, "backward", "#e69f00", "#000000"},
    {LOG_BACKWARD_INPUT, "backward, input", "#e69f00", "#000000"},
    {LOG_BACKWARD_WEIGHT, "backward, weights", "#f0e442", "#000000"},
    {LOG_OPTIMIZER_STEP, "optimizer", "#cc79a7", "#000000"},
};

/* How many boxes of one operation there are, all ranks together. */
static int count_of(const struct replay *replay, enum log_operation operation)
{
    int count = 0;
    for (int rank = 0; rank < replay->ranks; rank++)
        for (int i = 0; i < replay->rank[rank].count; i++)
            count += replay->rank[rank].interval[i].operation == operation;
    return count;
}

/* Does "12" fit into the box? */
static bool number_fits(const struct replay *replay, const struct interval *interval)
{
    double width = (interval->end - interval->begin) / replay->makespan * PLOT_WIDTH;
    int digits = interval->micro_batch > 99 ? 3 : interval->micro_batch > 9 ? 2 : 1;
    return interval->micro_batch >= 0 && width >= digits * CHARACTER + 2;
}

/* The right edge of a box as it is drawn: a gap of a point, or of a fifth where the box is
 * narrow, sets it apart from the next. A border would hide narrow boxes. */
static double right_edge(const struct replay *replay, const struct interval *interval)
{
    double point = replay->makespan / PLOT_WIDTH, width = interval->end - interval->begin;
    return interval->end - MIN(point, width / 5);
}

/* The data: a block of boxes, "left right middle rank", and one of numbers, "middle rank number". */
static void add_data(GString *script, const struct replay *replay, gsize look)
{
    g_string_append_printf(script, "$boxes%zu << END\n", look);
    for (int rank = 0; rank < replay->ranks; rank++)
        for (int i = 0; i < replay->rank[rank].count; i++) {
            const struct interval *interval = &replay->rank[rank].interval[i];
            if (interval->operation == looks[look].operation)
                g_string_append_printf(script, "%.17g %.17g %.17g %d\n", interval->begin,
                                       right_edge(replay, interval),
                                       (interval->begin + interval->end) / 2, rank);
        }
    g_string_append_printf(script, "END\n$numbers%zu << END\n-1e99 0 0\n", look);
    for (int rank = 0; rank < replay->ranks; rank++)
        for (int i = 0; i < replay->rank[rank].count; i++) {
            const struct interval *interval = &replay->rank[rank].interval[i];
            if (interval->operation == looks[look].operation && number_fits(replay, interval))
                g_string_append_printf(script, "%.17g %d %d\n",
                                       (interval->begin + interval->end) / 2, rank,
                                       interval->micro_batch);
        }
    g_string_append(script, "END\n");
}

/* The title, and below it the measured idle share beside the formula's. */
static void add_title(GString *script, const struct replay *replay, const char *title)
{
    int micro_batches = 0;
    for (int i = 0; i < replay->rank[0].count; i++)
        micro_batches += replay->rank[0].interval[i].operation == LOG_FORWARD;
    GString *text = g_string_new(title);
    g_string_append_printf(text, "\nidle: %.1f %% of the time", 100 * replay_bubble(replay));
    if (micro_batches > 0)
        g_string_append_printf(
            text, "; formula for equal stages (p-1)/(m+p-1), p = %d, m = %d: %.1f %%",
            replay->ranks, micro_batches, 100 * bubble_formula(replay->ranks, micro_batches));
    if (replay->deadlock)
        g_string_append(text, "\nthe run got stuck where the boxes end");
    g_autofree char *quoted = gnuplot_quote(text->str);
    g_string_append_printf(script, "set title %s font ',11'\n", quoted);
    g_string_free(text, TRUE);
}

static char *plot_command(const struct replay *replay)
{
    GString *plot = g_string_new("plot $rows using 2:3:1:2:($3-0.4):($3+0.4) with boxxyerror "
                                 "fc rgb '#e5e5e5' fs solid noborder title 'idle'");
    for (gsize look = 0; look < G_N_ELEMENTS(looks); look++) {
        if (count_of(replay, looks[look].operation) == 0)
            continue;
        g_string_append_printf(
            plot,
            ", $boxes%zu using 3:4:1:2:($4-0.4):($4+0.4) with boxxyerror fc rgb '%s' fs solid "
            "noborder title '%s', $numbers%zu using 1:2:3 with labels "
            "tc rgb '%s' font ',11' notitle",
            look, looks[look].box, looks[look].name, look, looks[look].text);
    }
    g_string_append_c(plot, '\n');
    return g_string_free(plot, FALSE);
}

static void add_axes(GString *script, const struct replay *replay)
{
    g_string_append(script, "$rows << END\n");
    for (int rank = 0; rank < replay->ranks; rank++)
        g_string_append_printf(script, "0 %.17g %d\n", replay->makespan, rank);
    g_string_append(script, "END\n");
    g_string_append_printf(script,
                           "set encoding utf8\nset xrange [0:%.17g]\n"
                           "set yrange [%d.5:-0.5]\nset ytics 1\nset ylabel 'rank'\n"
                           "set format x '%%.1s%%c'\n"
                           "set xlabel 'time, in floating-point operations; messages are free'\n"
                           "set key below\nset bmargin 5\nset tics nomirror out\nset border 3\n",
                           replay->makespan, replay->ranks - 1);
}

bool timeline_picture_of(const struct replay *replay, const char *title, const char *path,
                         GString *error)
{
    int boxes = 0;
    for (gsize look = 0; look < G_N_ELEMENTS(looks); look++)
        boxes += count_of(replay, looks[look].operation);
    if (boxes == 0 || replay->makespan <= 0 || boxes > MOST_BOXES) {
        g_string_append(error, boxes > MOST_BOXES ? "too many computations to draw them"
                                                  : "no computation was recorded");
        return false;
    }
    g_autoptr(GString) script = g_string_new("# Draws the picture again: gnuplot THIS-FILE\n");
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *script_path = g_strconcat(path, ".gnuplot", NULL);
    g_autofree char *plot = plot_command(replay);
    for (gsize look = 0; look < G_N_ELEMENTS(looks); look++)
        add_data(script, replay, look);
    add_axes(script, replay);
    add_title(script, replay, title);
    int height = 150 + ROW_HEIGHT * MIN(replay->ranks, 24);
    g_string_append_printf(script,
                           "set terminal svg size %d,%d font 'sans-serif,13' background rgb "
                           "'white'\nset output '%s.svg'\n%sunset output\n",
                           WIDTH, height, name, plot);
    g_string_append_printf(script,
                           "set terminal pngcairo size %d,%d fontscale 1.5 font 'sans-serif,13' "
                           "background rgb 'white'\nset output '%s.png'\n%sunset output\n",
                           WIDTH * 3 / 2, height * 3 / 2, name, plot);
    return gnuplot_run(script->str, script_path, error);
}

bool timeline_picture(const struct log_file *logs, int ranks, int step, const char *title,
                      const char *path, GString *error)
{
    struct replay *replay = replay_run(logs, ranks, NULL, (struct replay_options){.step = step});
    bool drawn = timeline_picture_of(replay, title, path, error);
    replay_free(replay);
    return drawn;
}
