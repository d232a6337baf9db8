/* Putting an assignment's files where they belong; see take.h. */
#include "class/intake/take.h"

#include "class/intake/clean.h"
#include "grader/submission/collect.h"
#include "grader/submission/look_alike.h"
#include "grader/text/text.h"

#include <dirent.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_BESIDE                                                                                \
    100 /* other files in the assignment's folder, which the grader names in its report */
#define MOST_NAMED 5

static bool make_folder(const char *path, GString *error)
{
    if (g_mkdir_with_parents(path, 0755) == 0)
        return true;
    g_string_append_printf(error, "%s can't be made: %s", path, strerror(errno));
    return false;
}

/* A name that is text, and does nothing to a terminal or a shell's list. */
static bool is_plain_name(const char *name)
{
    g_autofree char *clean = text_clean_name(name);
    return strcmp(clean, name) == 0;
}

/* The files of the rubric, as the collection has them. */
static bool put_collected(const struct collection *collection, const char *to, GString *error)
{
    struct intake_cleaned cleaned = {.files = 0};
    bool put = true;
    for (guint i = 0; put && i < collection->files->len; i++) {
        const struct collected_file *file = COLLECTED_FILES(collection, i);
        g_autofree char *from = g_build_filename(collection->folder, file->file->name, NULL);
        g_autofree char *into = g_build_filename(to, file->assignment, NULL);
        g_autofree char *name = g_path_get_basename(file->file->name);
        if (file->state == COLLECTED)
            put = make_folder(into, error) && intake_clean_file(from, into, name, &cleaned, error);
    }
    intake_cleaned_clear(&cleaned);
    return put;
}

/* What lies beside them, so that the grader can tell of names that look alike, and of files that it refuses. */
static bool put_beside(const struct collection *collection, const char *to, GString *error)
{
    struct intake_cleaned cleaned = {.files = 0};
    DIR *listing = opendir(collection->place->folder);
    bool put = true;
    int count = 0;
    for (struct dirent *entry;
         put && listing && count < MOST_BESIDE && (entry = readdir(listing));) {
        g_autofree char *from = g_build_filename(collection->place->folder, entry->d_name, NULL);
        g_autofree char *there = g_build_filename(to, entry->d_name, NULL);
        struct stat status;
        if (!is_plain_name(entry->d_name) || lstat(from, &status) != 0 ||
            !S_ISREG(status.st_mode) || status.st_size > 2 * TEXT_MOST_BYTES ||
            g_file_test(there, G_FILE_TEST_EXISTS) || intake_is_litter(entry->d_name))
            continue;
        put = intake_clean_file(from, to, entry->d_name, &cleaned, error);
        count++;
    }
    if (listing)
        closedir(listing);
    intake_cleaned_clear(&cleaned);
    return put;
}

/* "average.c, answers.md" and so on: those that are wanted. */
static char *wanted_names(const struct rubric *rubric)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < MIN(rubric->files->len, MOST_NAMED); i++) {
        const struct rubric_file *file = &g_array_index(rubric->files, struct rubric_file, i);
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", file->name);
    }
    if (rubric->files->len > MOST_NAMED)
        g_string_append(text, ", …");
    return g_string_free(text, FALSE);
}

static char *explain(const struct collection *collection, const struct rubric *rubric)
{
    g_autofree char *wanted = wanted_names(rubric);
    const struct place *place = collection->place;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "none of the files of %s is in it (%s)", rubric->assignment,
                           wanted);
    if (place->wrong)
        g_string_append_printf(text, ": %s", place->wrong);
    for (guint i = 0; i < collection->files->len; i++) {
        const struct collected_file *file = COLLECTED_FILES(collection, i);
        const char *meant =
            file->trouble ? strstr(file->trouble, "looks as if it were meant") : NULL;
        if (!place->wrong && meant) {
            g_string_append_printf(text, "; %s", file->trouble);
            break;
        }
    }
    if (!place->wrong && collection->ignored->len > 0) {
        g_string_append(text, "; it has");
        for (guint i = 0; i < MIN(collection->ignored->len, MOST_NAMED); i++)
            g_string_append_printf(text, "%s \"%s\"", i > 0 ? "," : "",
                                   (char *)collection->ignored->pdata[i]);
        if (collection->ignored->len > MOST_NAMED)
            g_string_append(text, " and more");
    }
    return g_string_free(text, FALSE);
}

static bool has_own_file(const struct collection *collection, const struct rubric *rubric)
{
    for (guint i = 0; i < collection->files->len; i++) {
        const struct collected_file *file = COLLECTED_FILES(collection, i);
        if (strcmp(file->assignment, rubric->assignment) == 0 && file->state != COLLECTED_MISSING)
            return true;
    }
    return false;
}

bool intake_take_assignment(const struct rubric *rubric, const char *clean, const char *work,
                            const char *to, struct intake_taken *taken, bool *found, char **why,
                            GString *error)
{
    g_autofree char *copies = g_build_filename(work, "collected", NULL);
    g_autofree char *own = g_build_filename(to, rubric->assignment, NULL);
    g_autoptr(GString) trouble = g_string_new(NULL);
    *found = false;
    *why = NULL;
    if (!make_folder(work, error))
        return false;
    struct collection *collection = collection_new(clean, rubric, copies, trouble);
    if (!collection) {
        *why = g_strdup(trouble->str);
        return true;
    }
    *found = has_own_file(collection, rubric);
    bool put = true;
    if (*found)
        put = make_folder(own, error) && put_collected(collection, to, error) &&
              put_beside(collection, own, error);
    else
        *why = explain(collection, rubric);
    if (*found && collection->place->note)
        g_ptr_array_add(taken->notes, g_strdup(collection->place->note));
    collection_free(collection);
    return put;
}
