/* Looking through a clean folder; see take.h. */
#include "class/intake/take.h"

#include "grader/submission/unpack.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#define DEEPEST         6
#define MOST_ARCHIVES   50
#define MEMBERS_DEEPEST 3

struct archive {
    char *path;
    gint64 time;
};

static void find_archives(const char *folder, const char *below, int depth, GArray *found)
{
    g_autofree char *path = g_build_filename(folder, below, NULL);
    DIR *listing = opendir(path);
    for (struct dirent *entry; listing && (entry = readdir(listing));) {
        g_autofree char *inner = g_build_filename(below, entry->d_name, NULL);
        g_autofree char *whole = g_build_filename(folder, inner, NULL);
        struct stat status;
        if (entry->d_name[0] == '.' || lstat(whole, &status) != 0)
            continue;
        struct archive archive = {NULL, (gint64)status.st_mtime};
        if (S_ISDIR(status.st_mode) && depth < DEEPEST) {
            find_archives(folder, inner, depth + 1, found);
        } else if (S_ISREG(status.st_mode) && unpack_is_named(entry->d_name) &&
                   found->len < MOST_ARCHIVES) {
            archive.path = g_steal_pointer(&inner);
            g_array_append_val(found, archive);
        }
    }
    if (listing)
        closedir(listing);
}

static gint older_first(gconstpointer a, gconstpointer b)
{
    const struct archive *first = a, *second = b;
    return first->time != second->time ? (first->time > second->time) - (first->time < second->time)
                                       : strcmp(first->path, second->path);
}

GPtrArray *intake_archives_in(const char *folder)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(struct archive));
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    find_archives(folder, "", 0, found);
    g_array_sort(found, older_first);
    for (guint i = 0; i < found->len; i++)
        g_ptr_array_add(paths, g_array_index(found, struct archive, i).path);
    return paths;
}

static char *members_below(const char *folder, int depth)
{
    static const char *const names[] = {"members.txt", "group.txt", "members.csv"};
    DIR *listing = opendir(folder);
    char *found = NULL;
    for (struct dirent *entry; listing && !found && (entry = readdir(listing));) {
        g_autofree char *path = g_build_filename(folder, entry->d_name, NULL);
        struct stat status;
        if (entry->d_name[0] == '.' || lstat(path, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode) && depth < MEMBERS_DEEPEST)
            found = members_below(path, depth + 1);
        for (guint i = 0; S_ISREG(status.st_mode) && i < G_N_ELEMENTS(names); i++)
            if (!found && g_ascii_strcasecmp(entry->d_name, names[i]) == 0)
                found = g_strdup(path);
    }
    if (listing)
        closedir(listing);
    return found;
}

char *intake_members_in(const char *folder)
{
    return members_below(folder, 0);
}
