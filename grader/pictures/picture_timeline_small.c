/*
 * A timeline as a small SVG, for a document.
 */
#include "grader/pictures/gnuplot.h"
#include "grader/pictures/picture_timeline_parts.h"

#include <unistd.h>

/* What gnuplot writes for nobody: symbols that are not used, comments, empty lines. */
static char *without_ballast(const char *svg)
{
    static const char *const ballast[] = {"<defs>.*?</defs>\\s*", "<desc>.*?</desc>\\s*",
                                          "<title>.*?</title>\\s*", "\\n[\\s]*(?=\\n)",
                                          "(?m)^[ \\t]+"};
    char *text = g_strdup(svg);
    for (gsize i = 0; i < G_N_ELEMENTS(ballast); i++) {
        GRegex *pattern = g_regex_new(ballast[i], G_REGEX_DOTALL, 0, NULL);
        char *less = g_regex_replace_literal(pattern, text, -1, 0, "", 0, NULL);
        g_regex_unref(pattern);
        g_free(text);
        text = less;
    }
    return text;
}

static bool draw_small(const struct timeline_panel *panel, const char *folder, const char *file,
                       GString *error)
{
    struct picture_layout layout = picture_layout_new(panel, 1, NULL);
    g_autoptr(GString) script = g_string_new(NULL);
    g_autoptr(GString) plot = g_string_new(NULL);
    picture_compose(&layout, script, plot);
    g_string_append_printf(script,
                           "set terminal svg size %d,%d font 'sans-serif,12' background rgb "
                           "'white'\nset output 'picture.svg'\n%sunset output\n",
                           layout.width, picture_height(&layout), plot->str);
    picture_layout_clear(&layout);
    g_autofree char *script_path = g_build_filename(folder, "picture.gnuplot", NULL);
    g_autofree char *svg_path = g_build_filename(folder, "picture.svg", NULL);
    g_autofree char *svg = NULL;
    g_autoptr(GError) problem = NULL;
    bool drawn = gnuplot_run(script->str, script_path, error);
    if (drawn && g_file_get_contents(svg_path, &svg, NULL, &problem)) {
        g_autofree char *small = without_ballast(svg);
        g_file_set_contents(file, small, -1, &problem);
    }
    unlink(script_path);
    unlink(svg_path);
    if (problem)
        g_string_append(error, problem->message);
    return drawn && !problem;
}

bool timeline_picture_small(const struct timeline_panel *panel, const char *file, GString *error)
{
    if (!picture_is_possible(panel, 1, error))
        return false;
    g_autoptr(GError) problem = NULL;
    g_autofree char *folder = g_dir_make_tmp("timeline-XXXXXX", &problem);
    if (!folder) {
        g_string_append(error, problem->message);
        return false;
    }
    bool drawn = draw_small(panel, folder, file, error);
    rmdir(folder);
    return drawn;
}
