/* Collecting a submission. */
#include "grader/submission/collect.h"

#include "grader/submission/look_alike.h"
#include "grader/text/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IGNORED_SHOWN 20

static const char *kind_name(mode_t mode)
{
    if (S_ISLNK(mode))
        return "a symbolic link";
    if (S_ISDIR(mode))
        return "a folder";
    if (S_ISFIFO(mode))
        return "a pipe (FIFO)";
    if (S_ISSOCK(mode))
        return "a socket";
    return "a device";
}

/* That a file can't be read is no fault of its author's. */
static bool complain(const char *path, GString *error)
{
    g_string_append_printf(error, "%s can't be read: %s", path, strerror(errno));
    if (errno == EACCES || errno == EPERM)
        g_string_append(error, "; whoever grades must be allowed to read it (chmod u+r)");
    return false;
}

static void refuse(struct collected_file *file, const char *is)
{
    file->state = COLLECTED_REFUSED;
    file->trouble = g_strdup_printf("%s is %s; it has to be a plain file", file->file->name, is);
}

/* Opens a plain file for reading without waiting for, or acting on, anything else that may lie
 * there under that name. descriptor: -1 after filling in state and trouble. False if this machine can't. */
static bool open_plain(int folder, const char *path, struct collected_file *file, int *descriptor,
                       GString *error)
{
    g_autofree char *name = g_path_get_basename(path);
    struct stat status;
    *descriptor = -1;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            return complain(path, error);
        file->state = COLLECTED_MISSING;
        file->trouble = g_strdup_printf("%s is missing", file->file->name);
        return true;
    }
    if (!S_ISREG(status.st_mode)) {
        refuse(file, kind_name(status.st_mode));
        return true;
    }
    const int opened =
        openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (opened >= 0 && fstat(opened, &status) == 0 && S_ISREG(status.st_mode)) {
        *descriptor = opened;
        return true;
    }
    const bool changed = opened >= 0 ? !S_ISREG(status.st_mode)
                                     : errno == ENOENT || errno == ELOOP || errno == ENXIO;
    if (changed)
        refuse(file, "something else from one moment to the next");
    const bool told = changed || complain(path, error);
    if (opened >= 0)
        close(opened);
    return told;
}

/* Everything up to the limit and one byte more. NULL if reading fails. */
static GString *read_bounded(int descriptor)
{
    GString *content = g_string_new(NULL);
    char buffer[65536];
    ssize_t size;
    while (content->len <= TEXT_MOST_BYTES &&
           (size = read(descriptor, buffer, sizeof buffer)) != 0) {
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0) {
            g_string_free(content, TRUE);
            return NULL;
        }
        g_string_append_len(content, buffer, size);
    }
    return content;
}

/* Text of 16 or 32 bits per letter, some editors' idea of Unicode: it begins with a mark, or with letters of which all
 * bytes but one are zero. */
static bool is_wide(const GString *content)
{
    static const char *const begins[] = {"\xff\xfe", "\xfe\xff", "x0x0x0x0",
                                         "0x0x0x0x", "x000x000", "000x000x"};
    for (guint i = 0; i < G_N_ELEMENTS(begins); i++) {
        const char *begin = begins[i];
        const gsize length = strlen(begin);
        bool fits = content->len >= length;
        for (gsize k = 0; fits && k < length; k++)
            fits = begin[k] == 'x'   ? content->str[k] != '\0'
                   : begin[k] == '0' ? content->str[k] == '\0'
                                     : content->str[k] == begin[k];
        if (fits)
            return true;
    }
    return false;
}

/* Nothing in it but blanks, behind the mark that some editors begin a file with. */
static bool is_blank(const GString *content)
{
    const gsize mark = g_str_has_prefix(content->str, "\xef\xbb\xbf") ? 3 : 0;
    return mark + strspn(content->str + mark, " \t\r\n\f\v") == content->len;
}

/* Copies one file of the folder `from`. False only if it can't be read, or the copy not written. */
static bool copy_file(int folder, const char *from, const char *to, struct collected_file *file,
                      GString *error)
{
    g_autofree char *name = g_path_get_basename(file->file->name);
    g_autofree char *source = g_build_filename(from, name, NULL);
    int descriptor;
    if (!open_plain(folder, source, file, &descriptor, error))
        return false;
    if (descriptor < 0)
        return true;
    GString *content = read_bounded(descriptor);
    bool copied = content || complain(source, error);
    close(descriptor);
    if (content && content->len > TEXT_MOST_BYTES) {
        file->state = COLLECTED_REFUSED;
        file->trouble = g_strdup_printf("%s is larger than 1 MiB", file->file->name);
    } else if (content && is_wide(content)) {
        file->state = COLLECTED_REFUSED;
        file->trouble = g_strdup_printf(
            "%s is UTF-16 or UTF-32, which no compiler reads: save it as UTF-8", file->file->name);
    } else if (content && is_blank(content)) {
        file->state = COLLECTED_REFUSED;
        file->trouble = g_strdup_printf("%s is empty", file->file->name);
    } else if (content) {
        g_autofree char *path = g_build_filename(to, file->file->name, NULL);
        GError *problem = NULL;
        file->state = COLLECTED;
        if (g_str_has_suffix(path, ".c"))
            file->todo_line = text_todo_line(content->str);
        copied = g_file_set_contents_full(path, content->str, (gssize)content->len,
                                          G_FILE_SET_CONTENTS_NONE, 0644, &problem);
        if (!copied) {
            g_string_append(error, problem->message);
            g_error_free(problem);
        }
    }
    if (content)
        g_string_free(content, TRUE);
    return copied;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_ignored(int folder, const struct rubric *rubric, GPtrArray *ignored)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = again >= 0 ? fdopendir(again) : NULL;
    struct dirent *entry;
    int more = 0;
    while (listing && (entry = readdir(listing)) && more < 100000) {
        bool named = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        for (guint i = 0; i < rubric->files->len; i++)
            named = named || strcmp(RUBRIC_FILES(rubric, i)->name, entry->d_name) == 0;
        if (named)
            continue;
        if (ignored->len < IGNORED_SHOWN)
            g_ptr_array_add(ignored, text_clean_name(entry->d_name));
        else
            more++;
    }
    if (listing)
        closedir(listing);
    g_ptr_array_sort(ignored, compare_names);
    if (more > 0)
        g_ptr_array_add(ignored, g_strdup_printf("… and %d more", more));
}

/* Of each missing file: the one beside it that looks as if it were meant, or why all are missing. */
static void explain_missing(struct collection *collection, int folder)
{
    for (guint i = 0; i < collection->files->len; i++) {
        struct collected_file *file = COLLECTED_FILES(collection, i);
        if (file->state != COLLECTED_MISSING || strchr(file->file->name, '/'))
            continue;
        g_autofree char *other = look_alike_find(folder, file->file->name);
        const char *wrong = collection->place->wrong;
        char *before = file->trouble;
        if (other)
            file->trouble = g_strdup_printf("%s, but \"%s\" looks as if it were meant: rename it",
                                            before, other);
        else if (wrong)
            file->trouble = g_strdup_printf("%s: %s", before, wrong);
        if (file->trouble != before)
            g_free(before);
    }
}

static char *name_of(const char *submission)
{
    g_autofree char *whole = g_canonicalize_filename(submission, NULL);
    g_autofree char *name = g_path_get_basename(whole);
    return text_clean_name(name);
}

/* Copies the student's files of an assignment that is used: where its folder is not there, they are
 * missing. False only if they can't be read, or a copy not written. */
static bool copy_used(struct collection *collection, const char *assignment,
                      const struct rubric *rubric, GString *error)
{
    g_autofree char *from = g_build_filename(collection->place->beside, assignment, NULL);
    g_autofree char *to = g_build_filename(collection->folder, assignment, NULL);
    g_autofree char *begin = g_strconcat(assignment, "/", NULL);
    int folder = open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool copied = folder >= 0 || errno == ENOENT || errno == ENOTDIR || errno == ELOOP ||
                  complain(from, error);
    if (copied && g_mkdir(to, 0755) != 0) {
        g_string_append_printf(error, "%s: %s", to, strerror(errno));
        copied = false;
    }
    for (guint i = 0; copied && i < rubric->used_files->len; i++) {
        struct collected_file file = {.file = RUBRIC_USED_FILES(rubric, i),
                                      .assignment = assignment,
                                      .state = COLLECTED_MISSING};
        if (!g_str_has_prefix(file.file->name, begin))
            continue;
        if (folder >= 0)
            copied = copy_file(folder, from, collection->folder, &file, error);
        else
            file.trouble = g_strdup_printf("%s is missing", file.file->name);
        g_array_append_val(collection->files, file);
    }
    if (folder >= 0)
        close(folder);
    return copied;
}

struct collection *collection_new(const char *submission, const struct rubric *rubric,
                                  const char *to, GString *error)
{
    g_autofree char *unpacked = g_strconcat(to, ".unpacked", NULL);
    struct place *place = place_find(submission, rubric, unpacked, error);
    if (!place)
        return NULL;
    int folder = open(place->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        g_autofree char *shown = text_clean(place->folder, strlen(place->folder), 1000);
        g_string_append_printf(error, "the submission %s can't be opened: %s", shown,
                               strerror(errno));
        place_free(place);
        return NULL;
    }
    struct collection *collection = g_new0(struct collection, 1);
    collection->name = name_of(submission);
    collection->place = place;
    collection->folder = g_strdup(to);
    collection->files = g_array_new(FALSE, TRUE, sizeof(struct collected_file));
    collection->ignored = g_ptr_array_new_with_free_func(g_free);
    bool copied = g_mkdir(to, 0755) == 0;
    if (!copied)
        g_string_append_printf(error, "%s: %s", to, strerror(errno));
    for (guint i = 0; copied && i < rubric->files->len; i++) {
        struct collected_file file = {.file = RUBRIC_FILES(rubric, i),
                                      .assignment = rubric->assignment};
        copied = copy_file(folder, collection->place->folder, to, &file, error);
        g_array_append_val(collection->files, file);
    }
    for (guint i = 0; copied && i < rubric->uses->len; i++)
        copied = copy_used(collection, rubric->uses->pdata[i], rubric, error);
    explain_missing(collection, folder);
    list_ignored(folder, rubric, collection->ignored);
    close(folder);
    if (copied)
        return collection;
    collection_free(collection);
    return NULL;
}

void collection_free(struct collection *collection)
{
    if (!collection)
        return;
    for (guint i = 0; i < collection->files->len; i++)
        g_free(COLLECTED_FILES(collection, i)->trouble);
    g_array_free(collection->files, TRUE);
    g_ptr_array_free(collection->ignored, TRUE);
    g_free(collection->name);
    g_free(collection->folder);
    place_free(collection->place);
    g_free(collection);
}

char *collection_source(const struct collected_file *file)
{
    g_autofree char *name = g_path_get_basename(file->file->name);
    return g_build_filename(file->assignment, name, NULL);
}

const struct collected_file *collection_find(const struct collection *collection, const char *name)
{
    for (guint i = 0; i < collection->files->len; i++)
        if (strcmp(COLLECTED_FILES(collection, i)->file->name, name) == 0)
            return COLLECTED_FILES(collection, i);
    return NULL;
}
