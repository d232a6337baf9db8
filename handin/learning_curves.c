/* Learning curves: read and tabulated here, drawn in learning_curves_picture.c. */
#include "handin/learning_curves.h"

#include <string.h>

/* Reads what can be read of a curve. False if that is nothing. */
static bool read_curve(const char *path, bool is_own, struct learning_curve *curve,
                       GString *warnings)
{
    char error[CURVE_ERROR_SIZE];
    const bool whole = curve_read_what_can_be(path, &curve->curve, error);
    const int count = curve->curve.count;
    g_autofree char *name = g_path_get_basename(path);
    name[strlen(name) - strlen(".csv")] = '\0';
    if (!whole && count > 0)
        g_string_append_printf(warnings, "%s. Only what is before that is used: %d step%s. ", error,
                               count, count == 1 ? "" : "s");
    else if (!whole)
        g_string_append_printf(warnings, "%s. It is left out. ", error);
    if (!whole && is_own)
        g_string_append_printf(warnings, "make train with CURVE=%s makes it anew.\n", name);
    else if (!whole)
        g_string_append(warnings, "It belongs to the kit: take that file from there again.\n");
    if (count == 0)
        return false;
    curve->name = g_steal_pointer(&name);
    return true;
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The paths of a folder's *.csv, sorted; none if there is no such folder. */
static GPtrArray *curve_paths(const char *folder)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) open = g_dir_open(folder, 0, NULL);
    for (const char *name; open && (name = g_dir_read_name(open));)
        if (g_str_has_suffix(name, ".csv"))
            g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
    g_ptr_array_sort(paths, by_name);
    return paths;
}

struct learning_curves *learning_curves_read(const char *folder, const char *reference_path,
                                             bool *found, GString *warnings)
{
    g_autoptr(GPtrArray) paths = curve_paths(folder);
    *found = paths->len > 0;
    if (!*found)
        return NULL;
    struct learning_curves *curves = g_new0(struct learning_curves, 1);
    curves->curve = g_new0(struct learning_curve, paths->len + 1);
    if (reference_path && read_curve(reference_path, false, &curves->curve[0], warnings)) {
        curves->has_reference = true;
        curves->count = 1;
    }
    for (guint i = 0; i < paths->len; i++)
        if (read_curve(paths->pdata[i], true, &curves->curve[curves->count], warnings))
            curves->count++;
    if (curves->count == (curves->has_reference ? 1 : 0))
        g_clear_pointer(&curves, learning_curves_free);
    return curves;
}

void learning_curves_free(struct learning_curves *curves)
{
    if (!curves)
        return;
    for (int i = 0; i < curves->count; i++) {
        g_free(curves->curve[i].name);
        curve_destroy(&curves->curve[i].curve);
    }
    g_free(curves->curve);
    g_free(curves);
}

char *learning_curves_label(const struct learning_curves *curves, int i)
{
    return g_strconcat(curves->curve[i].name,
                       i == 0 && curves->has_reference ? " (one process)" : "", NULL);
}

/* The point of a step, or NULL. */
static const struct curve_point *point_at(const struct curve *curve, int step)
{
    for (int i = 0; i < curve->count; i++)
        if (curve->point[i].step == step)
            return &curve->point[i];
    return NULL;
}

static void add_row(const struct learning_curves *curves, int step, GString *markdown)
{
    g_string_append_printf(markdown, "| %d |", step);
    for (int i = 0; i < curves->count; i++) {
        const struct curve_point *point = point_at(&curves->curve[i].curve, step);
        if (point)
            g_string_append_printf(markdown, " %.6f |", point->loss);
        else
            g_string_append(markdown, " |");
    }
    g_string_append(markdown, "\n");
}

void learning_curves_table(const struct learning_curves *curves, GString *markdown)
{
    static const int steps[] = {0,   1,   2,    5,    10,   20,    50,    100,  200,
                                400, 600, 1000, 2000, 5000, 10000, 20000, 50000};
    g_string_append(markdown, "| loss at step |");
    for (int i = 0; i < curves->count; i++) {
        g_autofree char *label = learning_curves_label(curves, i);
        g_string_append_printf(markdown, " %s |", label);
    }
    g_string_append(markdown, "\n| ---: |");
    for (int i = 0; i < curves->count; i++)
        g_string_append(markdown, " ---: |");
    g_string_append(markdown, "\n");
    int last = 0;
    for (int i = 0; i < curves->count; i++) {
        const struct curve *curve = &curves->curve[i].curve;
        last = MAX(last, curve->point[curve->count - 1].step);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(steps) && steps[i] < last; i++)
        add_row(curves, steps[i], markdown);
    add_row(curves, last, markdown);
}
