/* The files of a submission where make can build them; see put_in_place.h. */
#include "grader/put_in_place.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool put_link(const char *from, const char *to, GString *error)
{
    g_autofree char *before = g_file_read_link(to, NULL);
    char *whole = realpath(from, NULL);
    bool linked = whole && before && strcmp(whole, before) == 0;
    if (whole && !linked) {
        g_unlink(to);
        linked = symlink(whole, to) == 0;
    }
    if (!linked)
        g_string_append_printf(error, "%s: %s\n", to, strerror(errno));
    free(whole);
    return linked;
}

static bool put_copy(const char *from, const char *to, GString *error)
{
    g_autofree char *now = NULL, *before = NULL;
    gsize length = 0, length_before = 0;
    g_autoptr(GError) problem = NULL;
    if (!g_file_get_contents(from, &now, &length, &problem)) {
        g_string_append_printf(error, "%s\n", problem->message);
        return false;
    }
    if (!g_file_test(to, G_FILE_TEST_IS_SYMLINK) &&
        g_file_get_contents(to, &before, &length_before, NULL) && length == length_before &&
        memcmp(now, before, length) == 0)
        return true;
    g_unlink(to);
    if (g_file_set_contents(to, now, (gssize)length, &problem))
        return true;
    g_string_append_printf(error, "%s\n", problem->message);
    return false;
}

static bool put(const struct collection *collection, const struct collected_file *file,
                const char *to, GString *error)
{
    const struct place *place = collection->place;
    const char *name = file->file->name;
    g_autofree char *copy = g_build_filename(collection->folder, name, NULL);
    g_autofree char *own =
        g_build_filename(strchr(name, '/') ? place->beside : place->folder, name, NULL);
    return place->unpacked ? put_copy(copy, to, error) : put_link(own, to, error);
}

bool grader_put_in_place(const struct collection *collection, const char *assignment,
                         const char *to, GString *error)
{
    bool all = true;
    for (guint i = 0; i < collection->files->len; i++) {
        const struct collected_file *file = COLLECTED_FILES(collection, i);
        g_autofree char *source = collection_source(file);
        g_autofree char *path = g_build_filename(to, source, NULL);
        g_autofree char *folder = g_path_get_dirname(path);
        if (g_mkdir_with_parents(folder, 0755) != 0) {
            g_string_append_printf(error, "%s can't be made: %s\n", folder, strerror(errno));
            return false;
        }
        if (file->state == COLLECTED) {
            all &= put(collection, file, path, error);
            continue;
        }
        g_unlink(path);
        if (strcmp(file->assignment, assignment) == 0 && g_str_has_suffix(source, ".c")) {
            g_string_append_printf(error, "%s\n", file->trouble);
            all = false;
        }
    }
    return all;
}
