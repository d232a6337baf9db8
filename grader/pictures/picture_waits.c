/* Pictures of who waits for whom, by gnuplot. One unit of its axes is one point of the picture. */
#include "grader/pictures/picture_waits.h"

#include "grader/pictures/gnuplot.h"
#include "grader/pictures/picture_legend.h"

#include <math.h>

#define WIDTH      PICTURE_WIDTH
#define TOP        64  /* for the title */
#define BOTTOM     54  /* for the legend */
#define NODE       29  /* radius: room for "rank 10" */
#define SIDE       190 /* beside the nodes left and right: their labels */
#define LABELS     190 /* above and below: those of the nodes at the top and at the bottom */
#define LABEL_GAP  10  /* between a node and its label */
#define CURVE      24  /* pieces of an arrow's line */
#define MANY       10  /* nodes: more leave no room for the arrows' labels */
#define BEND       0.16
#define HEAD       13
#define PROPORTION 0.62 /* height of the ellipse by its width */

/* Vermillion and blue of Okabe and Ito: both print dark, and nobody takes one for the other. */
static const struct {
    const char *fill, *border, *text, *meaning;
} looks[] = {
    [WAITS_FREE] = {"#ffffff", "#8c8c8c", "#1a1a1a", NULL},
    [WAITS_HELD_UP] = {"#e5e5e5", "#8c8c8c", "#1a1a1a", "held up behind it"},
    [WAITS_IN_CYCLE] = {"#d55e00", "#7a3600", "#ffffff", "the cycle: each waits for the next"},
    [WAITS_CULPRIT] = {"#0072b2", "#00314d", "#ffffff", "what they wait for"},
};

struct point {
    double x, y;
};

struct waits_graph *waits_graph_new(void)
{
    struct waits_graph *graph = g_new0(struct waits_graph, 1);
    graph->nodes = g_array_new(FALSE, FALSE, sizeof(struct waits_node));
    graph->arrows = g_array_new(FALSE, FALSE, sizeof(struct waits_arrow));
    return graph;
}

void waits_graph_free(struct waits_graph *graph)
{
    if (!graph)
        return;
    for (guint i = 0; i < graph->nodes->len; i++)
        g_free(g_array_index(graph->nodes, struct waits_node, i).label);
    for (guint i = 0; i < graph->arrows->len; i++)
        g_free(g_array_index(graph->arrows, struct waits_arrow, i).label);
    g_array_free(graph->nodes, TRUE);
    g_array_free(graph->arrows, TRUE);
    g_free(graph);
}

void waits_graph_add_node(struct waits_graph *graph, int rank, enum waits_look look, char *label)
{
    struct waits_node node = {rank, look, label};
    g_array_append_val(graph->nodes, node);
}

void waits_graph_add_arrow(struct waits_graph *graph, int from, int to, bool in_cycle, char *label)
{
    struct waits_arrow arrow = {from, to, in_cycle, label};
    g_array_append_val(graph->arrows, arrow);
}

/* ---- where things are ---------------------------------------------------------------------- */

static double radius_of(const struct waits_graph *graph)
{
    return graph->nodes->len <= 2 ? 130 : graph->nodes->len <= 6 ? 170 : 250;
}

static int height_of(const struct waits_graph *graph)
{
    double ellipse = graph->nodes->len <= 2 ? 60 : 2 * radius_of(graph) * 0.9;
    return TOP + BOTTOM + (int)ellipse + (graph->nodes->len <= 2 ? 130 : LABELS);
}

/* Two stand side by side; more go round clockwise from the top. */
static double angle_of(const struct waits_graph *graph, guint node)
{
    guint count = graph->nodes->len;
    return count == 2 ? G_PI * (1.0 - node) : G_PI / 2 - 2 * G_PI * node / count;
}

static struct point place_of(const struct waits_graph *graph, guint node)
{
    double radius = radius_of(graph), angle = angle_of(graph, node);
    struct point middle = {WIDTH / 2.0, BOTTOM + (height_of(graph) - TOP - BOTTOM) / 2.0};
    if (graph->nodes->len <= 2)
        middle.y += 28; /* all labels are below */
    if (graph->nodes->len == 1)
        return middle;
    const double wide = MIN(radius / PROPORTION * 0.75, WIDTH / 2.0 - NODE - LABEL_GAP - SIDE);
    return (struct point){middle.x + wide * cos(angle), middle.y + radius * 0.9 * sin(angle)};
}

static guint node_of_rank(const struct waits_graph *graph, int rank)
{
    for (guint i = 0; i < graph->nodes->len; i++)
        if (g_array_index(graph->nodes, struct waits_node, i).rank == rank)
            return i;
    return 0;
}

/* A point of the arrow's bent line, 0 ≤ t ≤ 1: a parabola that bends to its left, so that two
 * ranks that wait for each other have two lines. */
static struct point on_curve(struct point from, struct point to, double t)
{
    struct point bend = {(from.x + to.x) / 2 - BEND * (to.y - from.y),
                         (from.y + to.y) / 2 + BEND * (to.x - from.x)};
    double a = (1 - t) * (1 - t), b = 2 * t * (1 - t), c = t * t;
    return (struct point){a * from.x + b * bend.x + c * to.x, a * from.y + b * bend.y + c * to.y};
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void add_label(GString *script, const char *text, struct point at, const char *style)
{
    g_autofree char *quoted = gnuplot_quote(text);
    g_string_append_printf(script, "set label %s at %.1f,%.1f %s\n", quoted, at.x, at.y, style);
}

/* A rank that waits for itself: a loop above its node. */
static void add_loop(GString *script, struct point at, const char *line)
{
    g_string_append_printf(script,
                           "set arrow from %.1f,%.1f to %.1f,%.1f nohead %s\n"
                           "set arrow from %.1f,%.1f to %.1f,%.1f size %d,25,70 filled %s\n",
                           at.x - 12, at.y + NODE - 4, at.x, at.y + NODE + 28, line, at.x,
                           at.y + NODE + 28, at.x + 12, at.y + NODE - 3, HEAD, line);
}

/* The line ends where the nodes begin. */
static void add_arrow(GString *script, struct point from, struct point to, const char *line)
{
    double distance = hypot(to.x - from.x, to.y - from.y);
    double trim = MIN(0.4, (NODE + 3) / MAX(distance, 1.0));
    /* gnuplot draws no head on a piece that is shorter than the head. */
    double head = MIN(0.5 * (1 - 2 * trim), 1.3 * HEAD / MAX(distance, 1.0));
    struct point last = on_curve(from, to, trim);
    for (int i = 1; i <= CURVE; i++) {
        struct point next = on_curve(from, to, trim + (1 - 2 * trim - head) * i / CURVE);
        g_string_append_printf(script, "set arrow from %.1f,%.1f to %.1f,%.1f nohead %s\n", last.x,
                               last.y, next.x, next.y, line);
        last = next;
    }
    struct point end = on_curve(from, to, 1 - trim);
    g_string_append_printf(script,
                           "set arrow from %.1f,%.1f to %.1f,%.1f size %d,25,70 filled %s\n",
                           last.x, last.y, end.x, end.y, HEAD, line);
}

static const char *line_of(bool in_cycle)
{
    return in_cycle ? "lw 3.5 lc rgb '#d55e00' back" : "lw 1.4 lc rgb '#8c8c8c' back";
}

static void add_arrows(GString *script, const struct waits_graph *graph)
{
    for (guint i = 0; i < graph->arrows->len; i++) {
        const struct waits_arrow *arrow = &g_array_index(graph->arrows, struct waits_arrow, i);
        struct point from = place_of(graph, node_of_rank(graph, arrow->from));
        struct point to = place_of(graph, node_of_rank(graph, arrow->to));
        if (arrow->from == arrow->to)
            add_loop(script, from, line_of(arrow->in_cycle));
        else
            add_arrow(script, from, to, line_of(arrow->in_cycle));
        if (arrow->label[0] == '\0' || arrow->from == arrow->to || graph->nodes->len > MANY)
            continue;
        add_label(script, arrow->label, on_curve(from, to, 0.5),
                  arrow->in_cycle ? "center front boxed font ',11' tc rgb '#7a3600'"
                                  : "center front boxed font ',10' tc rgb '#595959'");
    }
}

/* Outside of the circle: right of the nodes on the right, left of those on the left. */
static void add_node_label(GString *script, const struct waits_graph *graph, guint node)
{
    const struct waits_node *own = &g_array_index(graph->nodes, struct waits_node, node);
    struct point at = place_of(graph, node);
    double angle = angle_of(graph, node), sideways = cos(angle), upwards = sin(angle);
    int lines = 1;
    for (const char *c = own->label; *c != '\0'; c++)
        lines += *c == '\n';
    bool above = fabs(sideways) < 0.3 || graph->nodes->len == 2;
    if (graph->nodes->len == 1)
        above = true, upwards = -1;
    double half = 7.0 * (lines - 1);
    if (above)
        at.y += upwards > 0.5 ? NODE + LABEL_GAP + 2 * half + 6 : -NODE - LABEL_GAP - 6;
    else
        at.y += half + upwards * (fabs(upwards) > 0.8 ? 24 : 14);
    at.x += above ? 0 : (NODE + LABEL_GAP) * (sideways > 0 ? 1 : -1);
    g_autofree char *style =
        g_strdup_printf("%s front font ',11' tc rgb '#1a1a1a'", above          ? "center"
                                                                : sideways > 0 ? "left"
                                                                               : "right");
    add_label(script, own->label, at, style);
}

static void add_nodes(GString *script, const struct waits_graph *graph)
{
    for (guint i = 0; i < graph->nodes->len; i++) {
        const struct waits_node *node = &g_array_index(graph->nodes, struct waits_node, i);
        struct point at = place_of(graph, i);
        bool strong = node->look == WAITS_IN_CYCLE || node->look == WAITS_CULPRIT;
        g_string_append_printf(script,
                               "set object circle at %.1f,%.1f size %d front fs solid border rgb "
                               "'%s' fc rgb '%s' lw %.1f\n",
                               at.x, at.y, NODE, looks[node->look].border, looks[node->look].fill,
                               strong ? 2.0 : 1.2);
        g_autofree char *number = g_strdup_printf("rank %d", node->rank);
        g_autofree char *style = g_strdup_printf(
            "center front font 'sans-serif:Bold,12' tc rgb '%s'", looks[node->look].text);
        add_label(script, number, at, style);
        add_node_label(script, graph, i);
    }
}

static bool has_look(const struct waits_graph *graph, enum waits_look look)
{
    for (guint i = 0; i < graph->nodes->len; i++)
        if (g_array_index(graph->nodes, struct waits_node, i).look == look)
            return true;
    return false;
}

/* What the looks mean, as far as they occur, and who is not shown. */
static void add_legend(GString *script, const struct waits_graph *graph)
{
    double x = 24, y = 22;
    const enum waits_look order[] = {WAITS_IN_CYCLE, WAITS_CULPRIT, WAITS_HELD_UP};
    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        enum waits_look look = order[i];
        if (!has_look(graph, look))
            continue;
        g_string_append_printf(script,
                               "set object circle at %.1f,%.1f size 8 front fs solid border rgb "
                               "'%s' fc rgb '%s'\n",
                               x, y, looks[look].border, looks[look].fill);
        if (look != WAITS_CULPRIT)
            g_string_append_printf(
                script, "set arrow from %.1f,%.1f to %.1f,%.1f size %d,25,70 filled %s\n", x + 12,
                y, x + 52, y, HEAD, line_of(look == WAITS_IN_CYCLE));
        double text = x + (look == WAITS_CULPRIT ? 16 : 60);
        const char *meaning =
            look == WAITS_HELD_UP && has_look(graph, WAITS_CULPRIT) ? "waits" : looks[look].meaning;
        add_label(script, meaning, (struct point){text, y}, "left font ',11'");
        x = text + picture_text_width(meaning, 11) + 20;
    }
    if (graph->left_out > 0) {
        g_autofree char *more = g_strdup_printf("%d more rank%s not shown", graph->left_out,
                                                graph->left_out == 1 ? " is" : "s are");
        add_label(script, more, (struct point){WIDTH - 24, y}, "right font ',11'");
    }
}

bool waits_picture(const struct waits_graph *graph, const char *title, const char *path,
                   GString *error)
{
    if (graph->nodes->len == 0 || graph->nodes->len > WAITS_MOST_NODES) {
        if (error)
            g_string_append_printf(error, "a picture of %u ranks can't be drawn",
                                   graph->nodes->len);
        return false;
    }
    int height = height_of(graph);
    g_autoptr(GString) script = g_string_new("# Draws the picture again: gnuplot THIS-FILE\n");
    g_string_append_printf(script,
                           "set encoding utf8\nset lmargin at screen 0\nset rmargin at screen 1\n"
                           "set tmargin at screen 1\nset bmargin at screen 0\n"
                           "unset border\nunset tics\nunset key\n"
                           "set xrange [0:%d]\nset yrange [0:%d]\n"
                           "set style textbox opaque fc rgb 'white' noborder margins 0.4,0.2\n",
                           WIDTH, height);
    add_arrows(script, graph);
    add_nodes(script, graph);
    add_legend(script, graph);
    g_autofree char *lines = picture_text_lines(title, 12, WIDTH - 24);
    add_label(script, lines, (struct point){WIDTH / 2.0, height - 18}, "center font ',12'");
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *script_path = g_strconcat(path, ".gnuplot", NULL);
    g_string_append_printf(script,
                           "set terminal svg size %d,%d font 'sans-serif,12' background rgb "
                           "'white'\nset output '%s.svg'\nplot NaN\nunset output\n",
                           WIDTH, height, name);
    g_string_append_printf(script,
                           "set terminal pngcairo size %d,%d fontscale 1.5 linewidth 1.5 font "
                           "'sans-serif,12' background rgb 'white'\nset output '%s.png'\nplot NaN\n"
                           "unset output\n",
                           WIDTH * 3 / 2, height * 3 / 2, name);
    return gnuplot_run(script->str, script_path, error);
}
