/* Tries; see handed.h. */
#include "class/intake/handed.h"

#include "grader/submission/unpack.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static void free_file(gpointer pointer)
{
    struct intake_file *file = pointer;
    g_free(file->path);
    g_free(file->name);
    g_free(file);
}

static void add_file(struct intake_attempt *attempt, const char *path, const char *name)
{
    struct intake_file *file = g_new0(struct intake_file, 1);
    file->path = g_strdup(path);
    file->name = g_strdup(name);
    g_ptr_array_add(attempt->files, file);
}

struct intake_attempt *intake_attempt_new(const char *path, const char *shown, const char *name)
{
    struct intake_attempt *attempt = g_new0(struct intake_attempt, 1);
    attempt->files = g_ptr_array_new_with_free_func(free_file);
    attempt->shown = g_strdup(shown);
    add_file(attempt, path, name);
    return attempt;
}

void intake_attempt_free(gpointer pointer)
{
    struct intake_attempt *attempt = pointer;
    g_ptr_array_unref(attempt->files);
    g_free(attempt->shown);
    g_free(attempt);
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *intake_handed_list(const char *folder)
{
    DIR *listing = opendir(folder);
    if (!listing)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (struct dirent *entry; (entry = readdir(listing));)
        if (!intake_is_litter(entry->d_name))
            g_ptr_array_add(names, g_strdup(entry->d_name));
    closedir(listing);
    g_ptr_array_sort(names, by_text);
    return names;
}

GPtrArray *intake_attempts_in(const char *path, const char *shown)
{
    GPtrArray *names = intake_handed_list(path);
    if (!names)
        return NULL;
    GPtrArray *attempts = g_ptr_array_new_with_free_func(intake_attempt_free);
    bool all = names->len > 0;
    for (guint i = 0; all && i < names->len; i++) {
        g_autofree char *inner = g_build_filename(path, names->pdata[i], NULL);
        g_autofree char *inner_shown = g_build_filename(shown, names->pdata[i], NULL);
        g_autofree char *stem = intake_stem(names->pdata[i]);
        struct stat status;
        const int number = intake_try_of(stem);
        all = number >= 0 && lstat(inner, &status) == 0 &&
              (S_ISDIR(status.st_mode) ||
               (S_ISREG(status.st_mode) && unpack_is_named(names->pdata[i])));
        struct intake_attempt *attempt = intake_attempt_new(inner, inner_shown, names->pdata[i]);
        attempt->number = number;
        g_ptr_array_add(attempts, attempt);
    }
    g_ptr_array_unref(names);
    if (all)
        return attempts;
    g_ptr_array_unref(attempts);
    return NULL;
}

static const char *name_of(const struct intake_attempt *part)
{
    return ((const struct intake_file *)part->files->pdata[0])->name;
}

/* How many of the parts were handed in under this name? */
static int how_often(const GPtrArray *parts, const char *name)
{
    int count = 0;
    for (guint i = 0; i < parts->len; i++)
        count += strcmp(name_of(parts->pdata[i]), name) == 0;
    return count;
}

static struct intake_attempt *numbered(GPtrArray *attempts, guint from,
                                       const struct intake_attempt *part)
{
    const struct intake_file *file = part->files->pdata[0];
    for (guint i = from; i < attempts->len; i++) {
        struct intake_attempt *attempt = attempts->pdata[i];
        if (attempt->number != part->number)
            continue;
        add_file(attempt, file->path, file->name);
        return attempt;
    }
    struct intake_attempt *attempt = intake_attempt_new(file->path, part->shown, file->name);
    attempt->number = part->number;
    g_ptr_array_add(attempts, attempt);
    return attempt;
}

void intake_attempts_of_parts(GPtrArray *parts, GPtrArray *attempts)
{
    const guint from = attempts->len;
    for (guint i = 0; i < parts->len; i++)
        if (how_often(parts, name_of(parts->pdata[i])) > 1)
            numbered(attempts, from, parts->pdata[i]);
    const bool several = attempts->len > from;
    for (guint i = 0; i < parts->len; i++) {
        struct intake_attempt *part = parts->pdata[i];
        const struct intake_file *file = part->files->pdata[0];
        if (how_often(parts, name_of(part)) > 1)
            continue;
        part->number = several ? part->number : 0;
        if (!several)
            numbered(attempts, from, part);
        for (guint k = from; several && k < attempts->len; k++)
            add_file(attempts->pdata[k], file->path, file->name);
    }
    g_ptr_array_set_size(parts, 0);
}
