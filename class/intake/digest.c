/* SHA-256; see digest.h. */
#include "class/intake/digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEEPEST      32
#define MOST_ENTRIES 50000
#define MOST_BYTES   ((gint64)1 << 30)

struct digest {
    GChecksum *sum;
    int entries;
    gint64 bytes;
    GString *error;
};

static bool complain(struct digest *digest, const char *path)
{
    g_string_append_printf(digest->error, "%s can't be read: %s", path, strerror(errno));
    return false;
}

static void add(struct digest *digest, const void *bytes, gsize length)
{
    g_checksum_update(digest->sum, bytes, (gssize)length);
}

static bool add_content(struct digest *digest, const char *path)
{
    char buffer[65536];
    ssize_t length = 0;
    const int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0)
        return complain(digest, path);
    while (digest->bytes < MOST_BYTES && (length = read(file, buffer, sizeof buffer)) > 0) {
        add(digest, buffer, (gsize)length);
        digest->bytes += length;
    }
    const bool read_all = length >= 0 || complain(digest, path);
    close(file);
    return read_all;
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_entry(struct digest *digest, const char *path, const char *shown, int depth);

static bool add_folder(struct digest *digest, const char *path, const char *shown, int depth)
{
    DIR *listing = opendir(path);
    if (!listing)
        return complain(digest, path);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (struct dirent *entry; (entry = readdir(listing)) && ++digest->entries < MOST_ENTRIES;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strcmp(entry->d_name, ".git") != 0)
            g_ptr_array_add(names, g_strdup(entry->d_name));
    closedir(listing);
    g_ptr_array_sort(names, by_text);
    bool added = true;
    for (guint i = 0; added && i < names->len; i++) {
        g_autofree char *inner = g_build_filename(path, names->pdata[i], NULL);
        g_autofree char *inner_shown = g_build_filename(shown, names->pdata[i], NULL);
        added = add_entry(digest, inner, inner_shown, depth + 1);
    }
    return added;
}

/* Of what is neither file nor folder, that it is there. */
static bool add_entry(struct digest *digest, const char *path, const char *shown, int depth)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return complain(digest, path);
    g_autofree char *head =
        g_strdup_printf("%s\n%o\n%lld\n", shown, (unsigned)(status.st_mode & S_IFMT),
                        S_ISREG(status.st_mode) ? (long long)status.st_size : 0);
    add(digest, head, strlen(head));
    if (S_ISREG(status.st_mode))
        return add_content(digest, path);
    return !S_ISDIR(status.st_mode) || depth >= DEEPEST || add_folder(digest, path, shown, depth);
}

static char *end(struct digest *digest, bool whole)
{
    char *text = whole ? g_strdup(g_checksum_get_string(digest->sum)) : NULL;
    g_checksum_free(digest->sum);
    return text;
}

char *intake_digest(const struct intake_attempt *attempt, GString *error)
{
    struct digest digest = {.sum = g_checksum_new(G_CHECKSUM_SHA256), .error = error};
    const struct intake_file *first = attempt->files->pdata[0];
    struct stat status;
    if (attempt->files->len == 1 && lstat(first->path, &status) == 0 && S_ISREG(status.st_mode))
        return end(&digest, add_content(&digest, first->path));
    bool added = true;
    for (guint i = 0; added && i < attempt->files->len; i++) {
        const struct intake_file *file = attempt->files->pdata[i];
        added = add_entry(&digest, file->path, file->name, 0);
    }
    return end(&digest, added);
}

char *intake_digest_folder(const char *path, GString *error)
{
    struct digest digest = {.sum = g_checksum_new(G_CHECKSUM_SHA256), .error = error};
    struct stat status;
    return end(&digest,
               (lstat(path, &status) != 0 && errno == ENOENT) || add_folder(&digest, path, "", 0));
}
