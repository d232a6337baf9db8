/* Students; see student.h. */
#include "class/students/student.h"

#include "class/students/records.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define MOST_ID 64

bool student_is_id(const char *name)
{
    const size_t length = strlen(name);
    if (length == 0 || length > MOST_ID || !g_ascii_isalnum(name[0]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isalnum(name[i]) && !strchr("._-", name[i]))
            return false;
    return true;
}

static void free_member(gpointer pointer)
{
    struct member *member = pointer;
    g_free(member->id);
    g_free(member->name);
    g_free(member->email);
    g_free(member);
}

struct student *student_new(const char *out, const char *id)
{
    struct student *student = g_new0(struct student, 1);
    student->id = g_strdup(id);
    student->name = g_strdup(id);
    student->members = g_ptr_array_new_with_free_func(free_member);
    student->factor = 1;
    student->notes = g_ptr_array_new_with_free_func(g_free);
    student->folder = g_build_filename(out, "students", id, NULL);
    return student;
}

void student_free(struct student *student)
{
    if (!student)
        return;
    g_free(student->id);
    g_free(student->name);
    g_ptr_array_unref(student->members);
    g_free(student->source);
    g_free(student->sha256);
    g_free(student->handed_in_at);
    g_free(student->refused);
    g_ptr_array_unref(student->notes);
    g_free(student->folder);
    g_free(student);
}

static bool read_members(struct student *student, const json_t *root)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(root, "members"), i, one)
    {
        const char *id = record_text(one, "id"), *name = record_text(one, "name");
        if (!id || !*id)
            return false;
        struct member *member = g_new0(struct member, 1);
        member->id = g_strdup(id);
        member->name = g_strdup(name ? name : "");
        member->email = g_strdup(record_text(one, "email"));
        g_ptr_array_add(student->members, member);
    }
    return student->members->len > 0;
}

static bool fill(struct student *student, const json_t *root)
{
    const char *name = record_text(root, "name");
    g_free(student->name);
    student->name = g_strdup(name ? name : student->id);
    student->source = g_strdup(record_text(root, "source"));
    student->sha256 = g_strdup(record_text(root, "sha256"));
    student->handed_in_at = g_strdup(record_text(root, "handed_in_at"));
    student->refused = g_strdup(record_text(root, "refused"));
    student->late_days = (int)record_number(root, "late_days", 0);
    student->factor = record_number(root, "factor", 1);
    record_texts(root, "notes", student->notes);
    return read_members(student, root) && student->factor >= 0 && student->factor <= 1;
}

struct student *student_read(const char *out, const char *id, GString *error)
{
    struct student *student = student_new(out, id);
    g_autofree char *path = g_build_filename(student->folder, "intake.json", NULL);
    json_t *root = record_read(path, error);
    const bool usable = root && fill(student, root);
    if (root && !usable)
        g_string_append_printf(error, "%s: not as make class writes it (members, factor)\n", path);
    json_decref(root);
    if (usable)
        return student;
    student_free(student);
    return NULL;
}

static gint by_id(gconstpointer a, gconstpointer b)
{
    const struct student *const *first = a, *const *second = b;
    return strcmp((*first)->id, (*second)->id);
}

GPtrArray *students_read(const char *out, GString *error)
{
    g_autofree char *path = g_build_filename(out, "students", NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    if (!folder) {
        g_string_append_printf(
            error, "%s is no folder of a class: it has no students/ in it; make class makes one\n",
            out);
        return NULL;
    }
    GPtrArray *students = g_ptr_array_new_with_free_func((GDestroyNotify)student_free);
    for (const char *name; (name = g_dir_read_name(folder));) {
        struct student *student = student_is_id(name) ? student_read(out, name, error) : NULL;
        if (student)
            g_ptr_array_add(students, student);
    }
    g_ptr_array_sort(students, by_id);
    return students;
}

static json_t *members_of(const struct student *student)
{
    json_t *list = json_array();
    for (guint i = 0; i < student->members->len; i++) {
        const struct member *member = student->members->pdata[i];
        json_array_append_new(list, json_pack("{s:o,s:o,s:o}", "id", record_string(member->id),
                                              "name", record_string(member->name), "email",
                                              record_string(member->email)));
    }
    return list;
}

bool student_write(const struct student *student, GString *error)
{
    if (g_mkdir_with_parents(student->folder, 0755) != 0) {
        g_string_append_printf(error, "%s can't be made: %s\n", student->folder, g_strerror(errno));
        return false;
    }
    json_t *notes = json_array();
    for (guint i = 0; i < student->notes->len; i++)
        json_array_append_new(notes, record_string(student->notes->pdata[i]));
    json_t *root = json_pack(
        "{s:o,s:o,s:o,s:o,s:o,s:o,s:i,s:f,s:o,s:o}", "id", record_string(student->id), "name",
        record_string(student->name), "members", members_of(student), "source",
        record_string(student->source), "sha256", record_string(student->sha256), "handed_in_at",
        record_string(student->handed_in_at), "late_days", student->late_days, "factor",
        student->factor, "refused", record_string(student->refused), "notes", notes);
    g_autofree char *path = g_build_filename(student->folder, "intake.json", NULL);
    const bool written = record_write(path, root, error);
    json_decref(root);
    return written;
}
