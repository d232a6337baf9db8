/* Reading the files of a submission: see handed_in.h. */
#include "handin/handed_in.h"

#include "grader/sandbox/sandbox_folder.h"
#include "grader/text/text.h"
#include "grader/workplace/workplace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens a plain file of at most TEXT_MOST_BYTES; -1 and a line in problems otherwise. */
static int open_plain_file(const char *path, gsize *length, GString *problems)
{
    /* O_NONBLOCK: opening a pipe must not wait for somebody to write to it. */
    const int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat about;
    if (file < 0 && errno == ENOENT)
        g_string_append_printf(problems,
                               "%s is missing. It has to be handed in even if it is unfinished: "
                               "take it from the skeleton.\n",
                               path);
    else if (file < 0 && errno == ELOOP)
        g_string_append_printf(
            problems, "%s is a symbolic link. Replace it by a copy of the file itself.\n", path);
    else if (file < 0)
        g_string_append_printf(problems,
                               "%s can't be opened: %s. Let yourself read it (chmod u+r), or put a "
                               "copy of your own in its place.\n",
                               path, strerror(errno));
    else if (fstat(file, &about) != 0)
        g_string_append_printf(problems,
                               "%s can't be looked at: %s. Put a copy of your own in its place.\n",
                               path, strerror(errno));
    else if (!S_ISREG(about.st_mode))
        g_string_append_printf(problems,
                               "%s is not a plain file. Put the file itself in its place.\n", path);
    else if (about.st_size > TEXT_MOST_BYTES)
        g_string_append_printf(
            problems,
            "%s has %lld bytes, more than the %d that are allowed. Take out what "
            "was not written by hand: pictures and output.\n",
            path, (long long)about.st_size, TEXT_MOST_BYTES);
    else {
        *length = (gsize)about.st_size;
        return file;
    }
    if (file >= 0)
        close(file);
    return -1;
}

/* Exactly `length` bytes, with a 0 behind them; NULL and a line in problems otherwise. */
static char *read_all(int file, const char *path, gsize length, GString *problems)
{
    char *text = g_malloc(length + 1);
    gsize done = 0;
    while (done < length) {
        const ssize_t got = read(file, text + done, length - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            g_string_append_printf(problems, "%s can't be read: %s. Save it, and try again.\n",
                                   path, got < 0 ? strerror(errno) : "it became shorter meanwhile");
            g_free(text);
            return NULL;
        }
        done += (gsize)got;
    }
    text[length] = '\0';
    return text;
}

static char *read_plain_file(const char *path, gsize *length, GString *problems)
{
    const int file = open_plain_file(path, length, problems);
    if (file < 0)
        return NULL;
    char *text = read_all(file, path, *length, problems);
    close(file);
    if (text && memchr(text, 0, *length)) {
        g_string_append_printf(
            problems, "%s is not a text file: it has a byte 0. Save it as UTF-8 text.\n", path);
        g_clear_pointer(&text, g_free);
    }
    return text;
}

static void clear_file(gpointer data)
{
    struct handed_in_file *file = data;
    g_free(file->name);
    g_free(file->question);
    g_free(file->text);
}

/* Reads FOLDER/NAME and adds it; false and a line in problems otherwise. */
static bool add_file(struct handed_in *handed_in, const char *folder,
                     const struct rubric_file *wanted, GString *problems)
{
    g_autofree char *path = g_build_filename(folder, wanted->name, NULL);
    gsize length = 0;
    char *text = read_plain_file(path, &length, problems);
    if (!text)
        return false;
    const struct handed_in_file file = {.name = g_strdup(wanted->name),
                                        .question = g_strdup(wanted->question),
                                        .text = text,
                                        .length = length};
    g_array_append_val(handed_in->files, file);
    return true;
}

/* The grader follows no link to the folder of an assignment that is used. */
static bool no_link_is_used(const char *submission, const GPtrArray *uses, GString *problems)
{
    bool none = true;
    for (guint i = 0; i < uses->len; i++) {
        g_autofree char *path = g_build_filename(submission, uses->pdata[i], NULL);
        if (!g_file_test(path, G_FILE_TEST_IS_SYMLINK))
            continue;
        none = false;
        g_string_append_printf(
            problems, "%s is a symbolic link. Replace it by a copy of the folder itself.\n", path);
    }
    return none;
}

static bool is_missing(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    struct stat about;
    return lstat(path, &about) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* Nothing is read yet. NULL, with a line in problems, if there is no such submission. */
static struct handed_in *find_place(const char *submission, const struct rubric *rubric,
                                    GString *problems)
{
    struct handed_in *handed_in = g_new0(struct handed_in, 1);
    struct workplace workplace = {0};
    if (workplace_make_folder(&workplace, problems)) {
        handed_in->work = g_strdup(workplace.work);
        handed_in->place = place_find(submission, rubric, handed_in->work, problems);
    }
    workplace_clear(&workplace);
    if (!handed_in->place)
        g_clear_pointer(&handed_in, handed_in_free);
    return handed_in;
}

/* At least one of the assignment's files; false, with a line in problems, if there is none. */
static bool has_any(const struct place *place, const char *submission, const struct rubric *rubric,
                    GString *problems)
{
    for (guint i = 0; i < rubric->files->len; i++)
        if (!is_missing(place->folder, RUBRIC_FILES(rubric, i)->name))
            return true;
    g_string_append_printf(problems,
                           "%s has none of the files of %s: %s. SUBMISSION=FOLDER names the folder "
                           "that has %s/ in it.\n",
                           submission, rubric->assignment,
                           place->wrong ? place->wrong : "they were looked for in it and below",
                           rubric->assignment);
    return false;
}

struct handed_in *handed_in_read(const char *submission, const struct rubric *rubric,
                                 GString *problems)
{
    struct handed_in *handed_in = find_place(submission, rubric, problems);
    if (!handed_in)
        return NULL;
    const char *folder = handed_in->place->folder, *beside = handed_in->place->beside;
    handed_in->files = g_array_new(FALSE, TRUE, sizeof(struct handed_in_file));
    g_array_set_clear_func(handed_in->files, clear_file);
    const bool any = has_any(handed_in->place, submission, rubric, problems);
    bool complete = any;
    for (guint i = 0; any && i < rubric->files->len; i++)
        complete &= add_file(handed_in, folder, RUBRIC_FILES(rubric, i), problems);
    complete &= no_link_is_used(beside, rubric->uses, problems);
    for (guint i = 0; i < rubric->used_files->len; i++) {
        const struct rubric_file *used = RUBRIC_USED_FILES(rubric, i);
        if (!is_missing(beside, used->name))
            complete &= add_file(handed_in, beside, used, problems);
    }
    if (any && !complete && handed_in->place->wrong)
        g_string_append_printf(problems, "%s.\n", handed_in->place->wrong);
    if (!complete)
        g_clear_pointer(&handed_in, handed_in_free);
    return handed_in;
}

void handed_in_free(struct handed_in *handed_in)
{
    if (!handed_in)
        return;
    g_autoptr(GString) left = g_string_new(NULL);
    if (handed_in->work && !sandbox_remove(handed_in->work, left))
        fprintf(stderr, "handin: %s\n", left->str);
    g_clear_pointer(&handed_in->files, g_array_unref);
    place_free(handed_in->place);
    g_free(handed_in->work);
    g_free(handed_in);
}

const struct handed_in_file *handed_in_answers(const struct handed_in *handed_in)
{
    for (guint i = 0; i < handed_in->files->len; i++)
        if (g_str_has_suffix(HANDED_IN_FILES(handed_in, i)->name, ".md"))
            return HANDED_IN_FILES(handed_in, i);
    return NULL;
}

bool handed_in_has_todo(const struct handed_in_file *file)
{
    return g_str_has_suffix(file->name, ".c") && text_todo_line(file->text) > 0;
}
