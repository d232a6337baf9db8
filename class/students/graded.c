/* Grades; see graded.h. */
#include "class/students/graded.h"

#include "class/students/records.h"

#include <string.h>

static void read_run(struct graded *graded, const json_t *run)
{
    graded->finished = record_is_true(run, "finished");
    graded->exit_status = (int)record_number(run, "exit_status", -1);
    graded->began = g_strdup(record_text(run, "began"));
    graded->ended = g_strdup(record_text(run, "ended"));
    graded->machine = g_strdup(record_text(run, "machine"));
    graded->kit = g_strdup(record_text(run, "kit"));
    graded->secret = g_strdup(record_text(run, "secret"));
    graded->sha256 = g_strdup(record_text(run, "sha256"));
    graded->handed_in = g_strdup(record_text(run, "handed_in"));
    graded->same_as = g_strdup(record_text(run, "same_as"));
    graded->words = g_strdup(record_text(run, "words"));
    graded->wall_seconds = record_number(run, "wall_seconds", 0);
    graded->processor_seconds = record_number(run, "processor_seconds", 0);
    graded->attempt = (int)record_number(run, "attempt", 1);
}

static bool read_check(struct graded *graded, const json_t *one)
{
    const struct graded_check check = {.name = record_text(one, "name"),
                                       .title = record_text(one, "title"),
                                       .question = record_text(one, "question"),
                                       .visibility = record_text(one, "visibility"),
                                       .state = record_text(one, "state"),
                                       .culprit = record_text(one, "culprit"),
                                       .seen = record_text(one, "seen"),
                                       .mistake = record_text(one, "mistake"),
                                       .tier = (int)record_number(one, "tier", 0),
                                       .cause = (int)record_number(one, "cause", 0),
                                       .bonus = record_is_true(one, "bonus"),
                                       .points = record_number(one, "points", -1),
                                       .max_points = record_number(one, "max_points", -1),
                                       .seconds = record_number(one, "seconds", 0)};
    if (!check.name || !check.title || !check.visibility || !check.state || !check.seen ||
        check.points < 0 || check.max_points < 0)
        return false;
    g_array_append_val(graded->checks, check);
    return true;
}

static bool read_record(struct graded *graded)
{
    const json_t *points = json_object_get(graded->record, "points"),
                 *bonus = json_object_get(graded->record, "bonus"),
                 *checks = json_object_get(graded->record, "checks");
    graded->got = record_number(points, "got", -1);
    graded->judged = record_number(points, "judged", -1);
    graded->all = record_number(points, "all", -1);
    graded->bonus = record_number(bonus, "got", -1);
    graded->bonus_judged = record_number(bonus, "judged", -1);
    graded->bonus_all = record_number(bonus, "all", -1);
    bool usable = json_is_array(checks) && graded->got >= 0 && graded->judged >= 0 &&
                  graded->all >= 0 && graded->bonus >= 0 && graded->bonus_judged >= 0 &&
                  graded->bonus_all >= 0;
    for (size_t i = 0; usable && i < json_array_size(checks); i++)
        usable = read_check(graded, json_array_get(checks, i));
    return usable;
}

static bool read_files(struct graded *graded, GString *error)
{
    g_autofree char *run_path = g_build_filename(graded->folder, "run.json", NULL);
    g_autofree char *record_path = g_build_filename(graded->folder, "record.json", NULL);
    json_t *run = record_read(run_path, error);
    if (!run)
        return false;
    read_run(graded, run);
    json_decref(run);
    if (!g_file_test(record_path, G_FILE_TEST_EXISTS))
        return true;
    graded->record = record_read(record_path, error);
    graded->has_record = graded->record && read_record(graded);
    if (graded->record && !graded->has_record)
        g_string_append_printf(error, "%s: not as the grader writes it\n", record_path);
    return graded->has_record;
}

struct graded *graded_read(const struct student *student, const char *assignment, GString *error)
{
    struct graded *graded = g_new0(struct graded, 1);
    graded->assignment = g_strdup(assignment);
    graded->folder = g_build_filename(student->folder, assignment, NULL);
    graded->checks = g_array_new(FALSE, TRUE, sizeof(struct graded_check));
    if (g_file_test(graded->folder, G_FILE_TEST_IS_DIR) && read_files(graded, error))
        return graded;
    graded_free(graded);
    return NULL;
}

void graded_free(struct graded *graded)
{
    if (!graded)
        return;
    g_free(graded->assignment);
    g_free(graded->folder);
    g_free(graded->began);
    g_free(graded->ended);
    g_free(graded->machine);
    g_free(graded->kit);
    g_free(graded->secret);
    g_free(graded->sha256);
    g_free(graded->handed_in);
    g_free(graded->same_as);
    g_free(graded->words);
    g_array_unref(graded->checks);
    json_decref(graded->record);
    g_free(graded);
}
