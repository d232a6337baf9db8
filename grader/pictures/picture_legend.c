/* Legends and lines of text, for pictures by gnuplot. */
#include "grader/pictures/picture_legend.h"

#include "grader/pictures/gnuplot.h"

#include <string.h>

#define FONT      11  /* points */
#define CHARACTER 0.6 /* mean width, by the size of the font */
#define SIGN      18  /* width */
#define GAP       5   /* between a sign and its text */
#define BETWEEN   16  /* entries */
#define LINE      19
#define MARGIN    12 /* left and right */

struct entry {
    enum legend_sign sign;
    unsigned colour;
    char *text;
};

struct picture_legend {
    int width;
    GArray *entries; /* of struct entry */
};

static void clear_entry(gpointer entry)
{
    g_free(((struct entry *)entry)->text);
}

struct picture_legend *picture_legend_new(int width)
{
    struct picture_legend *legend = g_new0(struct picture_legend, 1);
    legend->width = width;
    legend->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
    g_array_set_clear_func(legend->entries, clear_entry);
    return legend;
}

void picture_legend_free(struct picture_legend *legend)
{
    if (!legend)
        return;
    g_array_unref(legend->entries);
    g_free(legend);
}

void picture_legend_add(struct picture_legend *legend, enum legend_sign sign, unsigned colour,
                        const char *text)
{
    const struct entry entry = {sign, colour, g_strdup(text)};
    g_array_append_val(legend->entries, entry);
}

/* ---- lines of text ------------------------------------------------------------------------- */

double picture_text_width(const char *text, double font)
{
    return (double)g_utf8_strlen(text, -1) * CHARACTER * font;
}

char *picture_text_lines(const char *text, double font, double width)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *result = g_string_new(NULL);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);
        g_autoptr(GString) own = g_string_new(NULL);
        for (char **word = words; *word; word++) {
            g_autofree char *longer = g_strconcat(own->str, own->len ? " " : "", *word, NULL);
            if (own->len > 0 && picture_text_width(longer, font) > width) {
                g_string_append_printf(result, "%s\n", own->str);
                g_string_assign(own, *word);
            } else {
                g_string_assign(own, longer);
            }
        }
        g_string_append_printf(result, "%s%s", own->str, line[1] ? "\n" : "");
    }
    return g_string_free(result, FALSE);
}

int picture_lines_count(const char *text)
{
    int lines = text ? 1 : 0;
    for (const char *c = text; c && *c; c++)
        lines += *c == '\n';
    return lines;
}

/* ---- drawing ------------------------------------------------------------------------------- */

static double width_of(const struct entry *entry)
{
    return SIGN + GAP + picture_text_width(entry->text, FONT);
}

/* Where the line ends that begins with an entry: the first entry that is not in it. */
static guint line_end(const struct picture_legend *legend, guint begin, double *width)
{
    guint end = begin;
    *width = 0;
    for (; end < legend->entries->len; end++) {
        double more = width_of(&g_array_index(legend->entries, struct entry, end)) +
                      (end > begin ? BETWEEN : 0);
        if (end > begin && *width + more > legend->width - 2 * MARGIN)
            break;
        *width += more;
    }
    return end;
}

int picture_legend_height(const struct picture_legend *legend)
{
    int lines = 0;
    double width;
    for (guint i = 0; i < legend->entries->len; i = line_end(legend, i, &width))
        lines++;
    return lines * LINE + 6;
}

/* x and y: the left end of its middle, points from the lower left corner. */
static void draw_sign(const struct picture_legend *legend, const struct entry *entry, double x,
                      double y, int height, GString *script)
{
    const double w = legend->width, h = height, half = entry->sign == LEGEND_STRIP ? 2.5 : 6;
    switch (entry->sign) {
    case LEGEND_LINE:
        g_string_append_printf(script,
                               "set arrow from screen %.5f,%.5f to screen %.5f,%.5f nohead lw 1.2 "
                               "lc rgb '#%06x'\n",
                               (x + SIGN - 5) / w, (y - 7) / h, (x + SIGN - 5) / w, (y + 7) / h,
                               entry->colour);
        return;
    case LEGEND_DOTS:
        g_string_append_printf(script,
                               "set arrow from screen %.5f,%.5f to screen %.5f,%.5f nohead lw 1 dt "
                               "3 lc rgb '#%06x'\n",
                               x / w, y / h, (x + SIGN) / w, y / h, entry->colour);
        return;
    case LEGEND_ARROW:
        g_string_append_printf(script,
                               "set arrow from screen %.5f,%.5f to screen %.5f,%.5f size screen "
                               "0.006,25 filled lc rgb '#%06x'\n",
                               (x + SIGN - 5) / w, (y + 7) / h, (x + SIGN - 5) / w, (y - 6) / h,
                               entry->colour);
        return;
    case LEGEND_BOX:
    case LEGEND_STRIP:
    case LEGEND_NUMBER:
    case LEGEND_EMPTY:
        break;
    }
    g_string_append_printf(
        script,
        "set object rectangle from screen %.5f,%.5f to screen %.5f,%.5f fc rgb '#%06x' fs solid ",
        x / w, (y - half) / h, (x + SIGN) / w, (y + half) / h, entry->colour);
    g_string_append(script, entry->sign == LEGEND_EMPTY ? "border lc rgb '#b0b0b0' lw 0.7\n"
                                                        : "noborder\n");
    if (entry->sign == LEGEND_NUMBER)
        g_string_append_printf(script,
                               "set label '0' at screen %.5f,%.5f center front font ',10' tc rgb "
                               "'#ffffff'\n",
                               (x + SIGN / 2.0) / w, y / h);
}

void picture_legend_draw(const struct picture_legend *legend, int height, GString *script)
{
    double y = picture_legend_height(legend) - LINE / 2.0 - 2, width;
    for (guint i = 0; i < legend->entries->len; y -= LINE) {
        const guint end = line_end(legend, i, &width);
        double x = (legend->width - width) / 2;
        for (; i < end; i++) {
            const struct entry *entry = &g_array_index(legend->entries, struct entry, i);
            g_autofree char *text = gnuplot_quote(entry->text);
            draw_sign(legend, entry, x, y, height, script);
            g_string_append_printf(script, "set label %s at screen %.5f,%.5f left font ',%d'\n",
                                   text, (x + SIGN + GAP) / legend->width, y / height, FONT);
            x += width_of(entry) + BETWEEN;
        }
    }
}
