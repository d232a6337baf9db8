/* The class as a whole; see class.h. */
#include "class/students/class.h"

#include "class/students/records.h"

struct class *class_new(void)
{
    struct class *class = g_new0(struct class, 1);
    class->title = g_strdup("");
    class->assignments = g_ptr_array_new_with_free_func(g_free);
    return class;
}

void class_free(struct class *class)
{
    if (!class)
        return;
    g_free(class->title);
    g_free(class->submissions);
    g_ptr_array_unref(class->assignments);
    g_free(class->deadline);
    g_free(class->taken_in_at);
    g_free(class->kit);
    g_free(class);
}

struct class *class_read(const char *out, GString *error)
{
    g_autofree char *path = g_build_filename(out, "class.json", NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_string_append_printf(
            error,
            "%s is no folder of a class: it has no class.json; make class SUBMISSIONS=folder "
            "OUT=%s makes one\n",
            out, out);
        return NULL;
    }
    json_t *root = record_read(path, error);
    if (!root)
        return NULL;
    struct class *class = class_new();
    const char *title = record_text(root, "title");
    g_free(class->title);
    class->title = g_strdup(title ? title : "");
    class->submissions = g_strdup(record_text(root, "submissions"));
    class->deadline = g_strdup(record_text(root, "deadline"));
    class->taken_in_at = g_strdup(record_text(root, "taken_in_at"));
    class->kit = g_strdup(record_text(root, "kit"));
    record_texts(root, "assignments", class->assignments);
    json_decref(root);
    if (class->assignments->len > 0)
        return class;
    g_string_append_printf(error, "%s: names no assignment\n", path);
    class_free(class);
    return NULL;
}

bool class_write(const struct class *class, const char *out, GString *error)
{
    json_t *assignments = json_array();
    for (guint i = 0; i < class->assignments->len; i++)
        json_array_append_new(assignments, record_string(class->assignments->pdata[i]));
    json_t *root = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "title", record_string(class->title),
                             "submissions", record_string(class->submissions), "assignments",
                             assignments, "deadline", record_string(class->deadline), "taken_in_at",
                             record_string(class->taken_in_at), "kit", record_string(class->kit));
    g_autofree char *path = g_build_filename(out, "class.json", NULL);
    const bool written = record_write(path, root, error);
    json_decref(root);
    return written;
}

char *class_now(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    return g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
}
