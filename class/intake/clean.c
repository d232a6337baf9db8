/* A copy of harmless parts; see clean.h. */
#include "class/intake/clean.h"

#include "class/intake/layout.h"
#include "grader/submission/unpack.h"
#include "grader/text/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEEPEST      24
#define LONGEST      3000 /* bytes of a path */
#define MOST_ENTRIES 10000
#define MOST_BYTES   ((gint64)128 << 20)

struct copying {
    struct intake_cleaned *cleaned;
    GString *error;
};

static void left_out(int *count, char **first, const char *shown)
{
    if ((*count)++ == 0)
        *first = text_clean_name(shown);
}

static void tell_unread(struct intake_cleaned *cleaned, const char *shown)
{
    if (cleaned->unread)
        return;
    g_autofree char *name = text_clean_name(shown);
    cleaned->unread = g_strdup_printf("\"%s\" (%s)", name, strerror(errno));
}

/* Copies bytes up to a bound; the time of change stays. False, and errno, if they can't be written. */
static bool copy_bytes(int from, int to, gint64 most, struct intake_cleaned *cleaned)
{
    char buffer[65536];
    ssize_t length;
    gint64 copied = 0;
    while (copied < most &&
           (length = read(from, buffer, (size_t)MIN(most - copied, (gint64)sizeof buffer))) > 0) {
        for (ssize_t done = 0, put; done < length; done += put)
            if ((put = write(to, buffer + done, (size_t)(length - done))) < 0)
                return false;
        copied += length;
    }
    cleaned->bytes += copied;
    cleaned->too_many = cleaned->too_many || cleaned->bytes > MOST_BYTES;
    return true;
}

static bool copy_file(const struct copying *copying, int folder, const char *name,
                      const char *shown, const char *to)
{
    struct intake_cleaned *cleaned = copying->cleaned;
    struct stat status;
    const int from =
        openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (from < 0 || fstat(from, &status) != 0 || !S_ISREG(status.st_mode)) {
        tell_unread(cleaned, shown);
        if (from >= 0)
            close(from);
        return true;
    }
    const int file = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    const gint64 most = unpack_is_named(name) ? MOST_BYTES : TEXT_MOST_BYTES + 1;
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, status.st_mtim};
    bool copied = file >= 0 && copy_bytes(from, file, most, cleaned) && futimens(file, times) == 0;
    if (!copied)
        g_string_append_printf(copying->error, "%s can't be written: %s", to, strerror(errno));
    if (file >= 0 && close(file) != 0 && copied) {
        g_string_append_printf(copying->error, "%s can't be written: %s", to, strerror(errno));
        copied = false;
    }
    close(from);
    cleaned->files++;
    return copied;
}

static bool is_left_out(const char *name)
{
    return intake_is_litter(name) || strcmp(name, "build") == 0;
}

static bool copy_folder(const struct copying *copying, int parent, const char *name,
                        const char *shown, const char *to, int depth);

static bool copy_entry(const struct copying *copying, int folder, const char *name,
                       const char *inside, const char *into, int depth)
{
    struct intake_cleaned *cleaned = copying->cleaned;
    g_autofree char *shown = g_build_filename(inside, name, NULL);
    g_autofree char *to = g_build_filename(into, name, NULL);
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        tell_unread(cleaned, shown);
    else if (S_ISREG(status.st_mode))
        return copy_file(copying, folder, name, shown, to);
    else if (S_ISLNK(status.st_mode))
        left_out(&cleaned->links, &cleaned->link, shown);
    else if (!S_ISDIR(status.st_mode))
        left_out(&cleaned->others, &cleaned->other, shown);
    else if (depth >= DEEPEST || strlen(to) > LONGEST)
        cleaned->too_deep = true;
    else
        return copy_folder(copying, folder, name, shown, to, depth + 1);
    return true;
}

static bool copy_folder(const struct copying *copying, int parent, const char *name,
                        const char *shown, const char *to, int depth)
{
    struct intake_cleaned *cleaned = copying->cleaned;
    const int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *listing = folder >= 0 ? fdopendir(folder) : NULL;
    if (!listing) {
        tell_unread(cleaned, *shown ? shown : name);
        if (folder >= 0)
            close(folder);
        return true;
    }
    bool copied = g_mkdir(to, 0755) == 0 || errno == EEXIST;
    if (!copied)
        g_string_append_printf(copying->error, "%s can't be made: %s", to, strerror(errno));
    int looked_at = 0;
    for (struct dirent *entry; copied && !cleaned->too_many && (entry = readdir(listing));) {
        cleaned->too_many = cleaned->files >= MOST_ENTRIES || ++looked_at > MOST_ENTRIES;
        if (!is_left_out(entry->d_name))
            copied = copy_entry(copying, folder, entry->d_name, shown, to, depth);
    }
    closedir(listing);
    return copied;
}

bool intake_clean_copy(const char *from, const char *to, struct intake_cleaned *cleaned,
                       GString *error)
{
    const struct copying copying = {cleaned, error};
    return copy_folder(&copying, AT_FDCWD, from, "", to, 0);
}

bool intake_clean_file(const char *from, const char *to, const char *name,
                       struct intake_cleaned *cleaned, GString *error)
{
    const struct copying copying = {cleaned, error};
    g_autofree char *path = g_build_filename(to, name, NULL);
    return copy_file(&copying, AT_FDCWD, from, name, path);
}

void intake_cleaned_notes(const struct intake_cleaned *cleaned, GPtrArray *notes)
{
    if (cleaned->links > 0)
        g_ptr_array_add(notes,
                        g_strdup_printf("%d symbolic link%s left out (\"%s\"): hand in the "
                                        "files themselves.",
                                        cleaned->links, cleaned->links == 1 ? " was" : "s were",
                                        cleaned->link));
    if (cleaned->others > 0)
        g_ptr_array_add(notes,
                        g_strdup_printf("%d %s left out (\"%s\"): no plain file.", cleaned->others,
                                        cleaned->others == 1 ? "thing was" : "things were",
                                        cleaned->other));
    if (cleaned->unread)
        g_ptr_array_add(notes,
                        g_strdup_printf("%s can't be read and was left out.", cleaned->unread));
    if (cleaned->too_many)
        g_ptr_array_add(notes,
                        g_strdup_printf("It holds more than %d files or %d MiB, and not all "
                                        "were looked at: hand in the assignment's folder alone.",
                                        MOST_ENTRIES, (int)(MOST_BYTES >> 20)));
    if (cleaned->too_deep)
        g_ptr_array_add(notes, g_strdup_printf("Folders more than %d deep, or with longer paths "
                                               "than files can have, were not looked into.",
                                               DEEPEST));
}

void intake_cleaned_clear(struct intake_cleaned *cleaned)
{
    g_clear_pointer(&cleaned->link, g_free);
    g_clear_pointer(&cleaned->other, g_free);
    g_clear_pointer(&cleaned->unread, g_free);
}
