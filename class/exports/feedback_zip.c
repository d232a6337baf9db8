/*
 * Feedback as zips: feedback/ID.zip for each student, with a folder for each assignment, and feedback-all.zip with a folder for
 * each student. With Moodle's grading worksheet as a roster, feedback-moodle-ASSIGNMENT.zip has the folders that Moodle takes
 * (mod/assign/feedback/file): "Full name_12345_assignsubmission_file_", whose number is the worksheet's Identifier.
 * bsdtar packs them: names are UTF-8 in all of them.
 */
#include "class/exports/feedback.h"
#include "class/exports/roster.h"
#include "class/students/cells.h"
#include "class/students/records.h"

#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define DESCRIPTORS 16

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status, (void)kind, (void)at;
    return remove(path);
}

static void remove_all(const char *folder)
{
    nftw(folder, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* bsdtar's words for what is in the folder. A name that begins with - or @ would mean something to it, so each goes there as
 * ./NAME, which is taken off again. */
static GPtrArray *words_for(const char *folder, const char *archive)
{
    static const char *const begin[] = {"bsdtar", "-C",       NULL,  "--format=zip",
                                        "-s",     "#^[.]/##", "-cf", NULL};
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free), *names = g_ptr_array_new();
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(begin); i++)
        g_ptr_array_add(words, g_strdup(begin[i] ? begin[i] : i == 2 ? folder : archive));
    for (const char *name; listing && (name = g_dir_read_name(listing));)
        g_ptr_array_add(names, g_strconcat("./", name, NULL));
    g_ptr_array_sort(names, by_name);
    g_ptr_array_extend_and_steal(words, names);
    g_ptr_array_add(words, NULL);
    return words;
}

/* Everything in `folder`, as `name` in exports->to; in place by one rename. */
static bool pack(struct exports *exports, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(exports->to, name, NULL),
                    *part = g_strconcat(path, ".part", NULL);
    g_autofree char *parent = g_path_get_dirname(path),
                    *absolute = g_canonicalize_filename(part, NULL), *said = NULL;
    g_autoptr(GPtrArray) words = words_for(folder, absolute);
    GError *problem = NULL;
    int status = 0;
    bool packed = g_mkdir_with_parents(parent, 0755) == 0 &&
                  g_spawn_sync(NULL, (char **)words->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                               NULL, &said, &status, &problem) &&
                  g_spawn_check_wait_status(status, NULL) && g_rename(part, path) == 0;
    if (packed)
        return true;
    g_string_append_printf(exports->problems, "%s can't be made: %s\n", path,
                           problem         ? problem->message
                           : said && *said ? said
                                           : g_strerror(errno));
    g_clear_error(&problem);
    g_unlink(part);
    return false;
}

static char *new_folder(struct exports *exports)
{
    char *folder = g_build_filename(exports->to, ".feedback-XXXXXX", NULL);
    if (g_mkdir_with_parents(exports->to, 0755) == 0 && g_mkdtemp(folder))
        return folder;
    g_string_append_printf(exports->problems, "%s can't be made: %s\n", folder, g_strerror(errno));
    g_free(folder);
    return NULL;
}

/* ---- by student -------------------------------------------------------------------------------------------- */

/* All assignments of one student, in STAGE/ID/ASSIGNMENT. Is there any? */
static bool stage_student(struct exports *exports, const char *stage, guint student)
{
    const struct gathered *gathered = exports->gathered;
    bool any = false;
    for (guint a = 0; a < gathered->class->assignments->len; a++) {
        const struct gathered_grade *grade = GATHERED_GRADE(gathered, a, student);
        if (!grade->points.is_graded)
            continue;
        g_autofree char *folder =
            g_build_filename(stage, grade->student->id, grade->graded->assignment, NULL);
        any |= feedback_write(exports, grade, folder);
    }
    return any;
}

static bool pack_students(struct exports *exports, const char *stage)
{
    bool packed = true;
    guint count = 0;
    for (guint i = 0; i < exports_students(exports) && packed; i++) {
        const char *id = exports_grade(exports, i)->student->id;
        g_autofree char *folder = g_build_filename(stage, id, NULL),
                        *name = g_strdup_printf("feedback/%s.zip", id);
        if (!stage_student(exports, stage, i))
            continue;
        packed = pack(exports, folder, name);
        count++;
    }
    packed = packed && pack(exports, stage, "feedback-all.zip");
    if (packed)
        printf("%s/feedback: a zip for each of %u students; %s/feedback-all.zip: all of them\n",
               exports->to, count, exports->to);
    return packed;
}

/* ---- for Moodle ---------------------------------------------------------------------------------------------- */

/* "Full name_12345_assignsubmission_file_": a name has no _ there, which separates. A new string. */
static char *moodle_folder(const char *name, const char *identifier)
{
    const char *blank = strrchr(identifier, ' ');
    g_autofree char *plain =
        g_strdelimit(g_strdup(*name ? name : "Participant"), "_/\\:*?\"<>|\n\t", ' ');
    const char *number = blank ? blank + 1 : identifier;
    if (!*number || strspn(number, "0123456789") != strlen(number))
        return NULL;
    return g_strdup_printf("%s_%s_assignsubmission_file_", *plain == '.' ? "Participant" : plain,
                           number);
}

static bool stage_row(struct exports *exports, struct exports_roster *roster, const char *stage,
                      const GPtrArray *row)
{
    const GPtrArray *header = roster->rows->pdata[0];
    const int identify[] = {cells_column(header, "Email address"),
                            cells_column(header, "ID number"), cells_column(header, "Username")},
              name = cells_column(header, "Full name");
    const struct gathered_grade *grade =
        exports_roster_find(roster, row, identify, G_N_ELEMENTS(identify), -1, name);
    g_autofree char *part =
        moodle_folder(cells_at(row, name), cells_at(row, cells_column(header, "Identifier")));
    if (!grade || !grade->points.is_graded || !part)
        return false;
    g_autofree char *folder = g_build_filename(stage, part, NULL);
    return feedback_write(exports, grade, folder);
}

static bool pack_moodle(struct exports *exports)
{
    struct exports_roster *roster = exports_roster_read(exports);
    g_autofree char *stage = roster ? new_folder(exports) : NULL;
    g_autofree char *name = g_strdup_printf("feedback-moodle-%s.zip", exports_assignment(exports));
    guint count = 0;
    if (!stage) {
        exports_roster_free(roster);
        return false;
    }
    for (guint i = 1; i < roster->rows->len; i++)
        count += stage_row(exports, roster, stage, roster->rows->pdata[i]);
    exports_roster_complain(exports, roster);
    const bool packed = pack(exports, stage, name);
    if (packed)
        printf("%s/%s: reports of %u students\n", exports->to, name, count);
    remove_all(stage);
    exports_roster_free(roster);
    return packed;
}

bool exports_feedback(struct exports *exports)
{
    if (exports->roster)
        return pack_moodle(exports);
    g_autofree char *stage = new_folder(exports);
    const bool packed = stage && pack_students(exports, stage);
    if (stage)
        remove_all(stage);
    return packed;
}
