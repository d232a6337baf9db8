/* One program: its files, tokens and fingerprints; see source.h. */
#include "class/similarity/source.h"

#include "grader/text/text.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a folder that somebody else made may cost. */
enum { MOST_FILES = 200, MOST_DEPTH = 6, MOST_ENTRIES = 5000 };

struct walk {
    struct source *source;
    bool deep;
    int entries;
};

static void file_free(void *data)
{
    struct source_file *file = data;
    g_free(file->name);
    g_free(file->text);
    g_free(file);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const struct source_file *const *first = a, *const *second = b;
    return strcmp((*first)->name, (*second)->name);
}

static bool read_all(int file, char *to, gsize size)
{
    for (gsize done = 0; done < size;) {
        const ssize_t got = read(file, to + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (gsize)got;
    }
    return true;
}

/* NULL: read; else why not. What is no plain file is not opened for long: a pipe would never end. */
static const char *read_plain(const char *path, struct source_file *file)
{
    const int opened = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat about;
    if (opened < 0)
        return errno == ELOOP ? "is a link" : g_strerror(errno);
    const char *trouble = NULL;
    if (fstat(opened, &about) != 0 || !S_ISREG(about.st_mode))
        trouble = "is no plain file";
    else if (about.st_size > TEXT_MOST_BYTES)
        trouble = "is too large";
    if (!trouble) {
        file->length = (gsize)about.st_size;
        file->text = g_malloc0(file->length + 1);
        if (!read_all(opened, file->text, file->length))
            trouble = "can't be read";
    }
    close(opened);
    return trouble;
}

static void take_file(struct walk *walk, const char *path, const char *name)
{
    struct source_file *file = g_new0(struct source_file, 1);
    file->name = text_clean_name(name);
    const char *trouble =
        walk->source->files->len >= MOST_FILES ? "is one file too many" : read_plain(path, file);
    if (!trouble) {
        g_ptr_array_add(walk->source->files, file);
        return;
    }
    g_ptr_array_add(walk->source->left_out, g_strdup_printf("%s %s", file->name, trouble));
    file_free(file);
}

static bool is_code(const char *name)
{
    return name[0] != '.' && (g_str_has_suffix(name, ".c") || g_str_has_suffix(name, ".h"));
}

static void walk_folder(struct walk *walk, const char *folder, const char *above, int depth)
{
    GDir *open_folder = g_dir_open(folder, 0, NULL);
    if (!open_folder)
        return;
    for (const char *name;
         (name = g_dir_read_name(open_folder)) != NULL && walk->entries++ < MOST_ENTRIES;) {
        g_autofree char *path = g_build_filename(folder, name, NULL),
                        *shown = g_strconcat(above, name, NULL);
        struct stat about;
        if (lstat(path, &about) != 0 || name[0] == '.')
            continue;
        if (S_ISDIR(about.st_mode)) {
            g_autofree char *next = g_strconcat(shown, "/", NULL);
            if (walk->deep && depth < MOST_DEPTH)
                walk_folder(walk, path, next, depth + 1);
        } else if (is_code(name)) {
            take_file(walk, path, shown);
        }
    }
    g_dir_close(open_folder);
}

gint source_by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct source *source_read(const char *folder, const char *id, bool deep)
{
    struct source *source = g_new0(struct source, 1);
    source->id = text_clean_name(id);
    source->name = g_strdup("");
    source->members = g_ptr_array_new_with_free_func(g_free);
    source->files = g_ptr_array_new_with_free_func(file_free);
    source->left_out = g_ptr_array_new_with_free_func(g_free);
    struct walk walk = {.source = source, .deep = deep};
    walk_folder(&walk, folder, "", 0);
    g_ptr_array_sort(source->files, by_name);
    return source;
}

void source_free(struct source *source)
{
    if (!source)
        return;
    g_free(source->id);
    g_free(source->name);
    g_ptr_array_unref(source->members);
    g_ptr_array_unref(source->files);
    g_ptr_array_unref(source->left_out);
    g_free(source->program);
    g_clear_pointer(&source->tokens, g_array_unref);
    g_clear_pointer(&source->runs, g_array_unref);
    g_clear_pointer(&source->prints, g_array_unref);
    g_free(source->skip);
    g_free(source->own);
    g_free(source);
}

/* Copies have it in common even where files have other names, comments, layout and names of variables. */
static char *sum_of(const struct source *source)
{
    g_autoptr(GPtrArray) sums = g_ptr_array_new_with_free_func(g_free);
    guint at = 0;
    for (guint i = 0; i < source->files->len; i++) {
        g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
        for (; at < source->tokens->len &&
               g_array_index(source->tokens, struct token, at).file == (int)i;
             at++)
            g_checksum_update(sum,
                              (const guchar *)&g_array_index(source->tokens, struct token, at).kind,
                              sizeof(uint64_t));
        g_ptr_array_add(sums, g_strdup(g_checksum_get_string(sum)));
    }
    g_ptr_array_sort(sums, source_by_text);
    g_autoptr(GChecksum) all = g_checksum_new(G_CHECKSUM_SHA256);
    for (guint i = 0; i < sums->len; i++)
        g_checksum_update(all, sums->pdata[i], -1);
    return g_strdup(g_checksum_get_string(all));
}

void source_take_tokens(struct source *source, const struct similarity_how *how, GHashTable *names)
{
    source->tokens = g_array_new(FALSE, FALSE, sizeof(struct token));
    for (guint i = 0; i < source->files->len; i++)
        tokens_read(SOURCE_FILE(source, i)->text, SOURCE_FILE(source, i)->length, (int)i,
                    how->folds, names, source->tokens);
    source->program = sum_of(source);
    source->runs = prints_runs(source->tokens, how->gram);
}

void source_take_prints(struct source *source, const struct similarity_how *how,
                        const GArray *given, const GArray *common)
{
    const guint count = source->tokens->len;
    source->skip = g_new0(bool, count + 1);
    source->own = g_new0(bool, count + 1);
    memset(source->own, true, count);
    for (guint i = 0; i < count; i++) {
        const uint64_t run = g_array_index(source->runs, uint64_t, i);
        source->skip[i] = run != NO_RUN && (runs_have(given, run) || runs_have(common, run));
        for (guint j = i; source->skip[i] && j < count && j < i + (guint)how->gram; j++)
            source->own[j] = false;
    }
    source->own_tokens = 0;
    for (guint i = 0; i < count; i++)
        source->own_tokens += source->own[i];
    source->prints = prints_winnow(source->runs, source->skip, how->window);
}
