/* Grading once more, and choosing the run; see run.h. */
#include "class/viva/run.h"

#include "class/students/records.h"
#include "grader/rubric/rubric.h"
#include "grader/trace/timeline.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RECORDS = 200000, MOST_RANKS = RUBRIC_MAX_RANKS };

/* ---- grading ------------------------------------------------------------------------------- */

/* Of the note "The evidence is in `FOLDER/evidence`.": FOLDER. */
static char *work_of(const json_t *record)
{
    const json_t *notes = json_object_get(record, "notes");
    static const char before[] = "The evidence is in `", behind[] = "/evidence`.";
    for (size_t i = 0; i < json_array_size(notes); i++) {
        const char *note = json_string_value(json_array_get(notes, i));
        if (note && g_str_has_prefix(note, before) && g_str_has_suffix(note, behind))
            return g_strndup(note + strlen(before), strlen(note) - strlen(before) - strlen(behind));
    }
    return NULL;
}

/* Runs a program without its output; its exit status, or -1. */
static int run_program(GPtrArray *words, char **said)
{
    int status;
    g_ptr_array_add(words, NULL);
    if (!g_spawn_sync(NULL, (char **)words->pdata, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, said,
                      &status, NULL))
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void remove_folder(const char *folder)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *said = NULL;
    g_ptr_array_add(words, g_strdup("rm"));
    g_ptr_array_add(words, g_strdup("-rf"));
    g_ptr_array_add(words, g_strdup("--"));
    g_ptr_array_add(words, g_strdup(folder));
    run_program(words, &said);
}

static json_t *grade(const struct viva_run *run, const char *submission,
                     const struct viva_wish *wish, const char *out, GString *error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *said = NULL, *record = g_build_filename(out, "record.json", NULL);
    g_ptr_array_add(words, g_build_filename(wish->build_folder, "grade", NULL));
    g_ptr_array_add(words, g_strconcat("--submission=", submission, NULL));
    g_ptr_array_add(words, g_strconcat("--assignment=", run->assignment, NULL));
    g_ptr_array_add(words, g_strconcat("--build-folder=", wish->build_folder, NULL));
    g_ptr_array_add(words, g_strconcat("--kit=", wish->kit, NULL));
    g_ptr_array_add(words, g_strconcat("--out=", out, NULL));
    if (wish->check && *wish->check)
        g_ptr_array_add(words, g_strconcat("--check=", wish->check, NULL));
    if (wish->seed > 0)
        g_ptr_array_add(words, g_strdup_printf("--seed=%" G_GINT64_FORMAT, wish->seed));
    g_ptr_array_add(words, g_strdup("--keep"));
    g_ptr_array_add(words, g_strdup("--quiet"));
    const int status = run_program(words, &said);
    json_t *found = status == 0 || status == 1 ? record_read(record, error) : NULL;
    if (!found && said)
        g_string_append_printf(error, "%s\n", g_strchomp(said));
    return found;
}

/* ---- choosing a run ---------------------------------------------------------------------------- */

static void clear_logs(struct viva_run *run)
{
    if (run->matching)
        matching_free(run->matching);
    if (run->collectives)
        collectives_free(run->collectives);
    for (int rank = 0; rank < run->ranks; rank++)
        log_destroy(&run->logs[rank]);
    g_free(run->logs);
    g_free(run->check);
    run->matching = NULL;
    run->collectives = NULL;
    run->logs = NULL;
    run->check = NULL;
    run->ranks = 0;
}

static bool read_logs(struct viva_run *run, const char *folder)
{
    size_t records = 0;
    run->complete = true;
    run->logs = g_new0(struct log_file, MOST_RANKS);
    for (int rank = 0; rank < MOST_RANKS; rank++) {
        char error[LOG_ERROR_SIZE];
        g_autofree char *name = g_strdup_printf("rank-%d.log", rank),
                        *path = g_build_filename(folder, name, NULL);
        if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) || !log_read(path, &run->logs[rank], error))
            break;
        run->ranks++;
        records += run->logs[rank].count;
        run->complete &= run->logs[rank].complete;
    }
    return run->ranks > 0 && run->logs[0].ranks == run->ranks && records <= MOST_RECORDS;
}

static bool is_message_call(const struct log_record *record)
{
    return record->phase == LOG_BEGIN && record->operation >= LOG_SEND;
}

/* How much there is to ask about: kinds of things first, then how many. */
static double worth(const struct viva_run *run)
{
    double calls = 0, computations = 0;
    for (int rank = 0; rank < run->ranks; rank++)
        for (size_t i = 0; i < run->logs[rank].count; i++) {
            const struct log_record *record = &run->logs[rank].record[i];
            calls += is_message_call(record);
            computations += record->phase == LOG_BEGIN && record->operation >= LOG_FORWARD &&
                            record->operation <= LOG_BACKWARD_WEIGHT;
        }
    if (run->ranks < 2 || calls == 0)
        return 0;
    /* A trace that people can talk about has tens of calls, not thousands. */
    const double size = calls < 400 ? calls : 400 * 400 / calls;
    const double all =
        (computations > 0 && calls >= 8 ? 1000 : 0) + 100 * MIN(run->ranks, 4) + size;
    return run->complete ? all : all / 2;
}

static void take(struct viva_run *to, struct viva_run *from, const char *check, int number)
{
    clear_logs(to);
    to->check = g_strdup(check);
    to->number = number;
    to->ranks = from->ranks;
    to->logs = from->logs;
    to->complete = from->complete;
}

bool viva_run_choose(struct viva_run *run, const char *kit, GString *error)
{
    g_autofree char *path =
        g_build_filename(kit, "assignments", run->assignment, "rubric.cfg", NULL);
    struct rubric *rubric = rubric_load(path, error);
    double most = 0;
    for (guint i = 0; rubric && i < rubric->checks->len; i++) {
        const struct rubric_check *check = RUBRIC_CHECKS(rubric, i);
        for (guint number = 1; number <= check->runs->len; number++) {
            g_autofree char *name = g_strdup_printf("%s-%u", check->name, number),
                            *folder = g_build_filename(run->work, "evidence", name, NULL);
            struct viva_run one = {0};
            if (RUBRIC_RUNS(check, number - 1)->simulated ||
                strcmp(RUBRIC_RUNS(check, number - 1)->assignment->name, run->assignment) != 0)
                continue;
            const double value = read_logs(&one, folder) ? worth(&one) : 0;
            if (value > most) {
                most = value;
                take(run, &one, check->name, (int)number);
            } else {
                clear_logs(&one);
            }
        }
    }
    const bool loaded = rubric != NULL;
    if (rubric)
        rubric_free(rubric);
    if (run->check) {
        run->step = timeline_last_step(run->logs, run->ranks);
        run->matching = matching_new(run->logs, run->ranks);
        run->collectives = collectives_new(run->logs, run->ranks);
    }
    return loaded;
}

struct viva_run *viva_run_new(const struct student *student, const char *assignment,
                              const struct viva_wish *wish, GString *error)
{
    struct viva_run *run = g_new0(struct viva_run, 1);
    g_autofree char *submission = g_build_filename(student->folder, "submission", NULL),
                    *out = g_dir_make_tmp("viva-XXXXXX", NULL);
    run->assignment = g_strdup(assignment);
    run->submission = g_build_filename(submission, assignment, NULL);
    run->skeleton = g_build_filename(wish->kit, "skeleton", assignment, NULL);
    if (!out) {
        g_string_append(error, "no temporary folder can be made: is TMPDIR full?\n");
        viva_run_free(run);
        return NULL;
    }
    run->record = grade(run, submission, wish, out, error);
    remove_folder(out);
    run->work = run->record ? work_of(run->record) : NULL;
    if (run->work)
        run->program = g_build_filename(run->work, "objects", "program", NULL);
    if (!run->record || (run->work && !viva_run_choose(run, wish->kit, error))) {
        viva_run_free(run);
        return NULL;
    }
    return run;
}

void viva_run_free(struct viva_run *run)
{
    if (!run)
        return;
    clear_logs(run);
    if (run->work)
        remove_folder(run->work);
    json_decref(run->record);
    g_free(run->assignment);
    g_free(run->submission);
    g_free(run->skeleton);
    g_free(run->work);
    g_free(run->program);
    g_free(run);
}
