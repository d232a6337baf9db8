/* Where the files of a submission are; see place.h. */
#include "grader/submission/place.h"

#include "grader/submission/unpack.h"
#include "grader/text/text.h"

#include <dirent.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEEPEST       6
#define MOST_ENTRIES  20000
#define MOST_ARCHIVES 2 /* one in another: what a hand-in system packs once more */
#define MOST_NAMED    5

static bool has_source(const struct rubric *rubric, const char *folder)
{
    for (guint i = 0; i < rubric->files->len; i++) {
        const char *name = RUBRIC_FILES(rubric, i)->name;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        struct stat status;
        if (!g_str_has_suffix(name, ".md") && lstat(path, &status) == 0)
            return true;
    }
    return false;
}

/* ---- looking below ------------------------------------------------------------------------ */

struct search {
    const struct rubric *rubric;
    GPtrArray *folders;  /* of char *, below the root: those with files of the rubric */
    GPtrArray *archives; /* of char *, below the root */
    int entries;         /* looked at; MOST_ENTRIES: not all of them */
    bool too_deep;       /* there are folders below that were not looked into */
    char *unread;        /* a folder that can't be looked into, and why; NULL: none */
};

static bool is_passed_over(const char *name)
{
    return name[0] == '.' || strcmp(name, "__MACOSX") == 0 || strcmp(name, "build") == 0;
}

/* below: of the root; "" is the root itself. */
static void search(struct search *search_for, const char *root, const char *below, int depth)
{
    g_autofree char *path = g_build_filename(root, below, NULL);
    DIR *listing = opendir(path);
    struct dirent *entry;
    while (listing && search_for->entries < MOST_ENTRIES && (entry = readdir(listing))) {
        search_for->entries++;
        g_autofree char *inner = g_build_filename(below, entry->d_name, NULL);
        g_autofree char *whole = g_build_filename(root, inner, NULL);
        struct stat status;
        if (is_passed_over(entry->d_name) || lstat(whole, &status) != 0)
            continue;
        if (S_ISREG(status.st_mode) && unpack_is_named(entry->d_name))
            g_ptr_array_add(search_for->archives, g_steal_pointer(&inner));
        else if (S_ISDIR(status.st_mode) && has_source(search_for->rubric, whole))
            g_ptr_array_add(search_for->folders, g_steal_pointer(&inner));
        else if (S_ISDIR(status.st_mode) && depth < DEEPEST)
            search(search_for, root, inner, depth + 1);
        else if (S_ISDIR(status.st_mode))
            search_for->too_deep = true;
    }
    if (listing)
        closedir(listing);
    else if (!search_for->unread)
        search_for->unread = g_strdup_printf("%s can't be looked into: %s", path, strerror(errno));
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "a, b and 3 more", clean text. */
static char *names_of(GPtrArray *list)
{
    GString *text = g_string_new(NULL);
    g_ptr_array_sort(list, by_name);
    for (guint i = 0; i < MIN(list->len, MOST_NAMED); i++) {
        g_autofree char *name = text_clean_name(list->pdata[i]);
        g_string_append_printf(text, "%s\"%s\"", i > 0 ? ", " : "", name);
    }
    if (list->len > MOST_NAMED)
        g_string_append_printf(text, " and %u more", list->len - MOST_NAMED);
    return g_string_free(text, FALSE);
}

static bool is_named_after(const char *folder, const char *assignment)
{
    g_autofree char *name = g_path_get_basename(folder);
    return g_ascii_strcasecmp(name, assignment) == 0;
}

/* The one folder that can be meant: the only one, or the only one with the assignment's name. */
static const char *only_one(const GPtrArray *folders, const char *assignment)
{
    const char *named = NULL;
    int count = 0;
    for (guint i = 0; i < folders->len; i++)
        if (is_named_after(folders->pdata[i], assignment)) {
            named = folders->pdata[i];
            count++;
        }
    return folders->len == 1 ? folders->pdata[0] : count == 1 ? named : NULL;
}

/* ---- taking ----------------------------------------------------------------------------------- */

static void take(struct place *place, const char *folder, const char *beside)
{
    g_free(place->folder);
    g_free(place->beside);
    place->folder = g_strdup(folder);
    place->beside = g_strdup(beside);
}

static void add_note(struct place *place, char *sentence)
{
    char *before = place->note;
    place->note = before ? g_strconcat(before, " ", sentence, NULL) : g_strdup(sentence);
    g_free(before);
    g_free(sentence);
}

/* Of the search: what it found may not be all there is. */
static void tell_incomplete(struct place *place, const struct search *found)
{
    const bool too_many = found->entries == MOST_ENTRIES;
    if (!too_many && !found->too_deep)
        return;
    g_autofree char *why =
        too_many
            ? g_strdup_printf(
                  "the folder holds more than %d files, and only so many were looked at",
                  MOST_ENTRIES)
            : g_strdup_printf("folders that lie more than %d deep were not looked into", DEEPEST);
    char *before = place->wrong;
    place->wrong = g_strconcat(before ? before : "", before ? "; " : "", why,
                               "; hand in the assignment's folder alone", NULL);
    g_free(before);
}

static void take_below(struct place *place, const char *root, const char *below,
                       const char *assignment)
{
    g_autofree char *folder = g_build_filename(root, below, NULL);
    g_autofree char *parent = g_path_get_dirname(folder);
    g_autofree char *name = text_clean_name(below);
    take(place, folder, is_named_after(folder, assignment) ? parent : root);
    add_note(place, g_strdup_printf("The files were found in \"%s\" and taken from there; they "
                                    "belong into \"%s\".",
                                    name, assignment));
}

/* Is the assignment's folder a link? Takes what is behind it if that is inside of the submission. */
static bool follow_link(struct place *place, const char *root, const char *assignment)
{
    g_autofree char *path = g_build_filename(root, assignment, NULL);
    if (!g_file_test(path, G_FILE_TEST_IS_SYMLINK))
        return false;
    char *inside = realpath(root, NULL), *behind = realpath(path, NULL);
    size_t length = inside ? strlen(inside) : 0;
    bool follows = inside && behind && strncmp(behind, inside, length) == 0 &&
                   behind[length] == '/' && g_file_test(behind, G_FILE_TEST_IS_DIR);
    if (follows) {
        g_autofree char *name = text_clean_name(behind + length + 1);
        take(place, behind, root);
        add_note(place, g_strdup_printf("\"%s\" is a symbolic link to \"%s\", which is in the "
                                        "submission, too, and was taken.",
                                        assignment, name));
    } else {
        place->wrong =
            g_strdup_printf("\"%s\" is a symbolic link that does not lead to a folder of "
                            "the submission, and is not followed; hand in the folder "
                            "itself",
                            assignment);
    }
    free(inside);
    free(behind);
    return follows;
}

/* Where they belong: SUBMISSION/ASSIGNMENT, or SUBMISSION. */
static bool is_in_place(struct place *place, const char *root, const struct rubric *rubric)
{
    g_autofree char *own = g_build_filename(root, rubric->assignment, NULL);
    bool is_folder = g_file_test(own, G_FILE_TEST_IS_DIR);
    take(place, root, root);
    if (follow_link(place, root, rubric->assignment))
        return true;
    is_folder = is_folder && !g_file_test(own, G_FILE_TEST_IS_SYMLINK);
    if (is_folder && (has_source(rubric, own) || !has_source(rubric, root)))
        take(place, own, root);
    const bool found = has_source(rubric, place->folder);
    if (found && place->wrong)
        add_note(place, g_strdup_printf("%s.", place->wrong));
    return found;
}

static bool look_in(struct place *place, const char *root, const struct rubric *rubric,
                    const char *work, int archives, GString *error);

static bool open_archive(struct place *place, const char *path, const char *shown,
                         const struct rubric *rubric, const char *work, int archives,
                         GString *error)
{
    g_autofree char *own = g_strdup_printf("%s/archive-%d", work, archives);
    g_autofree char *name = text_clean_name(shown);
    if (g_mkdir_with_parents(own, 0711) != 0) {
        g_string_append_printf(error, "%s: %s", own, strerror(errno));
        return false;
    }
    g_autofree char *folder = unpack_archive(path, name, own, error);
    if (!folder)
        return false;
    place->unpacked = true;
    add_note(place, g_strdup_printf("\"%s\" is an archive, and was unpacked.", name));
    return look_in(place, folder, rubric, work, archives + 1, error);
}

/* False, with an error, only if an archive can't be unpacked, or a folder not be looked into. */
static bool look_in(struct place *place, const char *root, const struct rubric *rubric,
                    const char *work, int archives, GString *error)
{
    if (is_in_place(place, root, rubric))
        return true;
    struct search found = {.rubric = rubric,
                           .folders = g_ptr_array_new_with_free_func(g_free),
                           .archives = g_ptr_array_new_with_free_func(g_free)};
    search(&found, root, "", 0);
    const char *one = only_one(found.folders, rubric->assignment);
    bool done = true;
    if (one) {
        take_below(place, root, one, rubric->assignment);
    } else if (found.folders->len > 0) {
        g_autofree char *names = names_of(found.folders);
        g_free(place->wrong);
        place->wrong = g_strdup_printf("files with such names lie in several places, and which are "
                                       "meant can't be told: %s",
                                       names);
    } else if (found.unread) {
        g_string_append(error, found.unread);
        done = false;
    } else if (found.archives->len == 1 && archives < MOST_ARCHIVES) {
        g_autofree char *path = g_build_filename(root, found.archives->pdata[0], NULL);
        done = open_archive(place, path, found.archives->pdata[0], rubric, work, archives, error);
    } else if (found.archives->len > 0) {
        g_autofree char *names = names_of(found.archives);
        g_free(place->wrong);
        place->wrong =
            g_strdup_printf("there are only archives, which have to be unpacked: %s", names);
    }
    tell_incomplete(place, &found);
    g_free(found.unread);
    g_ptr_array_free(found.folders, TRUE);
    g_ptr_array_free(found.archives, TRUE);
    return done;
}

struct place *place_find(const char *submission, const struct rubric *rubric, const char *work,
                         GString *error)
{
    struct place *place = g_new0(struct place, 1);
    struct stat status;
    bool found = false;
    g_autofree char *shown = text_clean_name(submission);
    if (stat(submission, &status) != 0)
        g_string_append_printf(error,
                               "the submission %s can't be opened: %s. SUBMISSION names the folder "
                               "that has %s/ in it, or that folder packed",
                               shown, strerror(errno), rubric->assignment);
    else if (S_ISDIR(status.st_mode))
        found = look_in(place, submission, rubric, work, 0, error);
    else if (S_ISREG(status.st_mode) && unpack_is_archive(submission))
        found = open_archive(place, submission, shown, rubric, work, 0, error);
    else
        g_string_append_printf(error,
                               "the submission %s is neither a folder nor an archive: SUBMISSION "
                               "names the folder that has %s/ in it, or that folder packed",
                               shown, rubric->assignment);
    if (found)
        return place;
    place_free(place);
    return NULL;
}

void place_free(struct place *place)
{
    if (!place)
        return;
    g_free(place->folder);
    g_free(place->beside);
    g_free(place->note);
    g_free(place->wrong);
    g_free(place);
}
