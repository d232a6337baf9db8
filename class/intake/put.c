/* A student's folder; see put.h. */
#include "class/intake/put.h"

#include "class/intake/digest.h"
#include "class/students/records.h"
#include "grader/sandbox/sandbox_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEGIN ".new-"
#define TAKEN "taken.json"

struct intake_taken *intake_put_before(const struct student *student, const char *sha256,
                                       const char *assignments)
{
    g_autofree char *path = g_build_filename(student->folder, TAKEN, NULL);
    g_autoptr(GString) ignored = g_string_new(NULL);
    json_t *root = g_file_test(path, G_FILE_TEST_EXISTS) ? record_read(path, ignored) : NULL;
    const char *before = root ? record_text(root, "sha256") : NULL;
    const char *names = root ? record_text(root, "assignments") : NULL;
    struct intake_taken *taken = NULL;
    if (before && names && strcmp(before, sha256) == 0 && strcmp(names, assignments) == 0 &&
        !record_text(root, "refused")) {
        taken = intake_taken_new();
        taken->sha256 = g_strdup(before);
        record_texts(root, "notes", taken->notes);
    }
    json_decref(root);
    return taken;
}

static bool write_taken(const char *folder, const struct intake_taken *taken,
                        const char *assignments, GString *error)
{
    json_t *notes = json_array();
    for (guint i = 0; i < taken->notes->len; i++)
        json_array_append_new(notes, record_string(taken->notes->pdata[i]));
    json_t *root = json_pack("{s:o,s:o,s:o,s:o}", "sha256", record_string(taken->sha256),
                             "assignments", record_string(assignments), "refused",
                             record_string(taken->refused), "notes", notes);
    g_autofree char *path = g_build_filename(folder, TAKEN, NULL);
    const bool written = record_write(path, root, error);
    json_decref(root);
    return written;
}

char *intake_put_begin(const char *out, const struct student *student, GString *error)
{
    g_autofree char *name = g_strconcat(BEGIN, student->id, NULL);
    char *folder = g_build_filename(out, "students", name, NULL);
    if (sandbox_remove(folder, error) && g_mkdir(folder, 0755) == 0)
        return folder;
    g_string_append_printf(error, "%s can't be made: %s\n", folder, strerror(errno));
    g_free(folder);
    return NULL;
}

/* student_write, but elsewhere. */
static bool write_facts(const char *folder, const struct student *student, GString *error)
{
    struct student elsewhere = *student;
    elsewhere.folder = (char *)folder;
    return student_write(&elsewhere, error);
}

bool intake_put_facts(const struct student *student, GString *error)
{
    g_autofree char *scratch = g_strconcat(student->folder, "/.facts", NULL);
    g_autofree char *new_path = g_build_filename(scratch, "intake.json", NULL);
    g_autofree char *path = g_build_filename(student->folder, "intake.json", NULL);
    g_autofree char *before = NULL, *after = NULL;
    bool written = write_facts(scratch, student, error);
    if (written && g_file_get_contents(new_path, &after, NULL, NULL) &&
        (!g_file_get_contents(path, &before, NULL, NULL) || strcmp(before, after) != 0) &&
        rename(new_path, path) != 0) {
        g_string_append_printf(error, "%s can't be written: %s\n", path, strerror(errno));
        written = false;
    }
    return sandbox_remove(scratch, error) && written;
}

static bool has_same_files(const char *folder, const struct student *student)
{
    g_autoptr(GString) ignored = g_string_new(NULL);
    g_autofree char *there = g_build_filename(student->folder, "submission", NULL);
    g_autofree char *here = g_build_filename(folder, "submission", NULL);
    g_autofree char *old = intake_digest_folder(there, ignored);
    g_autofree char *new = intake_digest_folder(here, ignored);
    return old && new &&strcmp(old, new) == 0;
}

/* One rename: the old folder is then under the new one's name, and is removed. */
static bool exchange(const char *folder, const struct student *student, GString *error)
{
    if (renameat2(AT_FDCWD, folder, AT_FDCWD, student->folder, RENAME_EXCHANGE) == 0)
        return sandbox_remove(folder, error);
    if (errno == ENOENT && rename(folder, student->folder) == 0)
        return true;
    /* A file system that can't exchange: the old one goes first, and the next call mends what a kill leaves. */
    if ((errno == EINVAL || errno == ENOSYS) && sandbox_remove(student->folder, error) &&
        rename(folder, student->folder) == 0)
        return true;
    g_string_append_printf(error, "%s can't be put in place: %s\n", student->folder,
                           strerror(errno));
    return false;
}

bool intake_put_end(const char *folder, const struct student *student,
                    const struct intake_taken *taken, const char *assignments,
                    enum intake_change *change, GString *error)
{
    g_autofree char *facts = g_build_filename(student->folder, "intake.json", NULL);
    const bool is_there = g_file_test(facts, G_FILE_TEST_EXISTS);
    if (is_there && has_same_files(folder, student)) {
        *change = INTAKE_SAME;
        return write_taken(student->folder, taken, assignments, error) &&
               sandbox_remove(folder, error);
    }
    *change = is_there ? INTAKE_CHANGED : INTAKE_NEW;
    return write_taken(folder, taken, assignments, error) && write_facts(folder, student, error) &&
           exchange(folder, student, error);
}

void intake_put_sweep(const char *out)
{
    g_autofree char *path = g_build_filename(out, "students", NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    g_autoptr(GString) ignored = g_string_new(NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder));) {
        g_autofree char *left = g_build_filename(path, name, NULL);
        if (g_str_has_prefix(name, BEGIN))
            sandbox_remove(left, ignored);
    }
}
