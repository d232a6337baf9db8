/* Learning curves: read and tabulated here, drawn in learning_curves_picture.c. */
#include "handin/learning_curves.h"

#include <math.h>
#include <string.h>

static bool read_curve(const char *path, struct learning_curve *curve, GString *problems)
{
    char error[CURVE_ERROR_SIZE];
    if (!curve_read(path, &curve->curve, error)) {
        g_string_append_printf(problems, "%s\n", error);
        return false;
    }
    curve->name = g_path_get_basename(path);
    curve->name[strlen(curve->name) - strlen(".csv")] = '\0';
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
                                             bool *found, GString *problems)
{
    g_autoptr(GPtrArray) paths = curve_paths(folder);
    *found = paths->len > 0;
    if (!*found)
        return NULL;
    g_ptr_array_insert(paths, 0, g_strdup(reference_path));
    struct learning_curves *curves = g_new0(struct learning_curves, 1);
    curves->curve = g_new0(struct learning_curve, paths->len);
    for (guint i = 0; i < paths->len; i++)
        if (read_curve(paths->pdata[i], &curves->curve[curves->count], problems))
            curves->count++;
    if ((guint)curves->count < paths->len)
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

double *learning_curves_smooth(const double *values, int count, int reach)
{
    double *smooth = g_new(double, count);
    for (int i = 0; i < count; i++) {
        double sum = 0;
        int finite = 0;
        for (int j = MAX(0, i - reach); j <= MIN(count - 1, i + reach); j++)
            if (isfinite(values[j])) {
                sum += values[j];
                finite++;
            }
        smooth[i] = finite > 0 ? sum / finite : NAN;
    }
    return smooth;
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
    for (int i = 0; i < curves->count; i++)
        g_string_append_printf(markdown, " %s%s |", curves->curve[i].name,
                               i == 0 ? " (one process)" : "");
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
