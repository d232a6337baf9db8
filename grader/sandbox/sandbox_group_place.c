/* Finding control groups: /proc/self/cgroup names them, /proc/self/mountinfo says where they lie. */
#include "grader/sandbox/sandbox_group_place.h"

#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNLIMITED ((size_t)1 << 60) /* version 1 has no word for it, only a large number */

/* ---- files ---------------------------------------------------------------------------------- */

size_t sandbox_group_field(int folder, const char *file, const char *name)
{
    char text[8192];
    const int opened = openat(folder, file, O_RDONLY | O_CLOEXEC);
    const ssize_t size = opened >= 0 ? read(opened, text, sizeof text - 1) : 0;
    if (opened >= 0)
        close(opened);
    text[MAX(size, 0)] = '\0';
    const size_t length = name ? strlen(name) : 0;
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (name && (strncmp(line, name, length) != 0 || line[length] != ' '))
            continue;
        line += name ? length + 1 : 0;
        return g_str_has_prefix(line, "max") ? SIZE_MAX : strtoull(line, NULL, 10);
    }
    return 0;
}

/* ---- where ------------------------------------------------------------------------------------ */

/* Is the word among those that commas or blanks part? */
static bool has_word(const char *list, const char *word)
{
    g_auto(GStrv) words = g_strsplit_set(list, ", \n", -1);
    return g_strv_contains((const char *const *)words, word);
}

/* The path behind "N:controllers:" of this process's group; NULL: there is no such hierarchy. */
static char *group_in(const char *groups, int version)
{
    g_auto(GStrv) lines = g_strsplit(groups, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", 3);
        if (g_strv_length(fields) == 3 &&
            (version == 1 ? has_word(fields[1], "memory") : g_str_has_prefix(*line, "0::")))
            return g_strdup(fields[2]);
    }
    return NULL;
}

/* Is the path the folder itself or below it? "/ab" is not below "/a"; everything is below "". */
static bool is_below(const char *path, const char *folder)
{
    const size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* "36 35 0:29 ROOT POINT options … - TYPE source OPTIONS": in a container ROOT may be the container's
 * group instead of "/". */
static bool place_in_mount(const char *line, const char *group, struct sandbox_group_place *place)
{
    g_auto(GStrv) halves = g_strsplit(line, " - ", 2);
    if (g_strv_length(halves) != 2)
        return false;
    g_auto(GStrv) before = g_strsplit(halves[0], " ", -1);
    g_auto(GStrv) behind = g_strsplit(halves[1], " ", -1);
    if (g_strv_length(before) < 5 || g_strv_length(behind) < 3)
        return false;
    const char *root = strcmp(before[3], "/") == 0 ? "" : before[3];
    const bool fits = place->version == 1
                          ? strcmp(behind[0], "cgroup") == 0 && has_word(behind[2], "memory")
                          : strcmp(behind[0], "cgroup2") == 0;
    if (!fits || !is_below(group, root))
        return false;
    place->top = g_strdup(before[4]);
    place->own = g_strconcat(before[4], strcmp(group, "/") == 0 ? "" : group + strlen(root), NULL);
    return true;
}

static bool gives_memory(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "cgroup.subtree_control", NULL);
    g_autofree char *controllers = NULL;
    return g_file_get_contents(path, &controllers, NULL, NULL) && has_word(controllers, "memory");
}

/* Version 2 wants a group that hands the controller on, and that is never one with processes: so it is
 * the one above, except at the top. */
static char *folder_for_new(const struct sandbox_group_place *place)
{
    g_autofree char *above = g_path_get_dirname(place->own);
    const bool is_top = strcmp(place->own, place->top) == 0;
    if (place->version == 1 || gives_memory(place->own))
        return g_strdup(place->own);
    return !is_top && gives_memory(above) ? g_strdup(above) : NULL;
}

struct sandbox_group_place sandbox_group_place_in(const char *groups, const char *mounts)
{
    g_auto(GStrv) lines = g_strsplit(mounts, "\n", -1);
    for (int version = 1; version <= 2; version++) {
        struct sandbox_group_place place = {.version = version};
        g_autofree char *group = group_in(groups, version);
        for (char **line = lines; group && *line && !place.own; line++)
            place_in_mount(*line, group, &place);
        if (place.own)
            place.path = folder_for_new(&place);
        if (place.own)
            return place;
    }
    return (struct sandbox_group_place){0};
}

void sandbox_group_place_clear(struct sandbox_group_place *place)
{
    g_free(place->own);
    g_free(place->top);
    g_free(place->path);
    *place = (struct sandbox_group_place){0};
}

const struct sandbox_group_place *sandbox_group_place(void)
{
    static struct sandbox_group_place place;
    static bool known;
    if (!known) {
        g_autofree char *groups = NULL, *mounts = NULL;
        if (g_file_get_contents("/proc/self/cgroup", &groups, NULL, NULL) &&
            g_file_get_contents("/proc/self/mountinfo", &mounts, NULL, NULL))
            place = sandbox_group_place_in(groups, mounts);
        if (g_getenv("GRADER_NO_CONTROL_GROUPS"))
            g_clear_pointer(&place.path, g_free);
        known = true;
    }
    return &place;
}

/* ---- room ------------------------------------------------------------------------------------- */

/* The cache of files does not count: the kernel takes it back first. */
static size_t room_of(const char *path, int version)
{
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return SIZE_MAX;
    const bool old = version == 1;
    size_t limit = sandbox_group_field(folder, old ? "memory.limit_in_bytes" : "memory.max", NULL);
    size_t room = SIZE_MAX;
    if (limit > 0 && limit < UNLIMITED) {
        const size_t used =
            sandbox_group_field(folder, old ? "memory.usage_in_bytes" : "memory.current", NULL);
        const size_t cache =
            sandbox_group_field(folder, "memory.stat",
                                old ? "total_inactive_file" : "inactive_file") +
            sandbox_group_field(folder, "memory.stat", old ? "total_active_file" : "active_file");
        room = limit + MIN(cache, used) > used ? limit + MIN(cache, used) - used : 0;
    }
    close(folder);
    return room;
}

size_t sandbox_group_room_in(const struct sandbox_group_place *place)
{
    size_t room = SIZE_MAX;
    g_autofree char *path = g_strdup(place->own);
    while (path && is_below(path, place->top)) {
        room = MIN(room, room_of(path, place->version));
        char *above = strcmp(path, "/") == 0 ? NULL : g_path_get_dirname(path);
        g_free(path);
        path = above;
    }
    return room;
}
