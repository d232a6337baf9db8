/* Which programs are compared: the class's, and those of earlier years; see source.h. */
#include "class/similarity/source.h"

#include "class/students/student.h"

#include <string.h>

static int run_order(gconstpointer a, gconstpointer b)
{
    const uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return first < second ? -1 : first > second;
}

void runs_sort(GArray *runs)
{
    g_array_sort(runs, run_order);
}

bool runs_have(const GArray *sorted, uint64_t run)
{
    guint low = 0, high = sorted ? sorted->len : 0;
    while (low < high) {
        const guint middle = low + (high - low) / 2;
        if (g_array_index(sorted, uint64_t, middle) < run)
            low = middle + 1;
        else
            high = middle;
    }
    return sorted && low < sorted->len && g_array_index(sorted, uint64_t, low) == run;
}

/* ---- the class ---------------------------------------------------------------------------- */

static struct source *of_student(const struct student *student, const char *assignment)
{
    g_autofree char *folder = g_build_filename(student->folder, "submission", assignment, NULL);
    struct source *source = source_read(folder, student->id, false);
    g_free(source->name);
    source->name = g_strdup(student->name ? student->name : "");
    for (guint i = 0; i < student->members->len; i++) {
        const struct member *member = student->members->pdata[i];
        g_ptr_array_add(source->members, g_strdup(member->id));
    }
    return source;
}

GPtrArray *sources_of_class(const char *out, const char *assignment, GString *error)
{
    GPtrArray *students = students_read(out, error);
    if (!students)
        return NULL;
    GPtrArray *sources = g_ptr_array_new_with_free_func((GDestroyNotify)source_free);
    for (guint i = 0; i < students->len; i++) {
        struct source *source = of_student(students->pdata[i], assignment);
        if (source->files->len > 0 || source->left_out->len > 0)
            g_ptr_array_add(sources, source);
        else
            source_free(source);
    }
    g_ptr_array_unref(students);
    return sources;
}

/* ---- earlier years --------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK);
}

static GPtrArray *names_in(const char *folder)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GDir *open_folder = g_dir_open(folder, 0, NULL);
    for (const char *name; open_folder && (name = g_dir_read_name(open_folder)) != NULL;)
        if (name[0] != '.')
            g_ptr_array_add(names, g_strdup(name));
    if (open_folder)
        g_dir_close(open_folder);
    g_ptr_array_sort(names, source_by_text);
    return names;
}

static void add_earlier(const char *folder, const char *id, bool deep, GPtrArray *sources)
{
    struct source *source = source_read(folder, id, deep);
    source->earlier = true;
    if (source->files->len > 0)
        g_ptr_array_add(sources, source);
    else
        source_free(source);
}

/* The folder of a class of another year. */
static void add_class(const char *students, const char *above, const char *assignment,
                      GPtrArray *sources)
{
    g_autoptr(GPtrArray) names = names_in(students);
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *folder = g_build_filename(students, name, "submission", assignment, NULL),
                        *id = g_build_filename(above, name, NULL);
        add_earlier(folder, id, false, sources);
    }
}

/* A program whose files lie in a folder of the assignment's name has others' beside it, which are not compared. */
static void add_program(const char *folder, const char *id, const char *assignment,
                        GPtrArray *sources)
{
    g_autofree char *own = g_build_filename(folder, assignment, NULL);
    if (is_folder(own))
        add_earlier(own, id, false, sources);
    else
        add_earlier(folder, id, true, sources);
}

bool sources_of_earlier(const char *folder, const char *assignment, GPtrArray *sources,
                        GString *error)
{
    g_autofree char *own = g_build_filename(folder, "students", NULL);
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        g_string_append_printf(error, "EARLIER=%s: there is no such folder\n", folder);
        return false;
    }
    if (is_folder(own)) {
        g_autofree char *name = g_path_get_basename(folder);
        add_class(own, name, assignment, sources);
        return true;
    }
    g_autoptr(GPtrArray) names = names_in(folder);
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_build_filename(folder, name, NULL),
                        *students = g_build_filename(path, "students", NULL);
        if (is_folder(students))
            add_class(students, name, assignment, sources);
        else if (is_folder(path))
            add_program(path, name, assignment, sources);
    }
    return true;
}

/* ---- what many have ---------------------------------------------------------------------------- */

static void add_each_once(const GArray *runs, GArray *all)
{
    g_autoptr(GArray) sorted = g_array_sized_new(FALSE, FALSE, sizeof(uint64_t), runs->len);
    g_array_append_vals(sorted, runs->data, runs->len);
    runs_sort(sorted);
    for (guint i = 0; i < sorted->len; i++) {
        const uint64_t run = g_array_index(sorted, uint64_t, i);
        if (run != NO_RUN && (i == 0 || g_array_index(sorted, uint64_t, i - 1) != run))
            g_array_append_val(all, run);
    }
}

GArray *sources_common(const GPtrArray *sources, const struct similarity_how *how)
{
    GArray *common = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    guint of_class = 0;
    for (guint i = 0; i < sources->len; i++) {
        if (SOURCE(sources, i)->earlier)
            continue;
        of_class++;
        add_each_once(SOURCE(sources, i)->runs, all);
    }
    const double most = MAX(how->common * of_class, (double)how->few);
    runs_sort(all);
    for (guint i = 0, next; i < all->len; i = next) {
        const uint64_t run = g_array_index(all, uint64_t, i);
        for (next = i; next < all->len && g_array_index(all, uint64_t, next) == run;)
            next++;
        if (next - i > most)
            g_array_append_val(common, run);
    }
    return common;
}
