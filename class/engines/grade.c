/* class grade: does one job; see engines.h. */
#include "class/engines/engines.h"
#include "class/engines/job.h"
#include "class/engines/job_run.h"
#include "class/engines/same.h"
#include "class/students/class.h"
#include "grader/kit_version.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SECONDS    1800 /* for a grade, where nobody says another number */
#define SECONDS_TO_WAIT 10   /* for whoever does the same job */

struct asked {
    char *out, *student, *assignment, *kit, *build_folder;
    int most_attempts, checks, seconds, year;
    gboolean again;
};

static void complain(const struct asked *asked, const char *message)
{
    fprintf(stderr, "class grade: %s %s: %s%s", asked->student, asked->assignment, message,
            g_str_has_suffix(message, "\n") ? "" : "\n");
}

static bool parse(struct asked *asked, int argc, char **argv)
{
    GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &asked->out, "the folder of the class", "FOLDER"},
        {"student", 's', 0, G_OPTION_ARG_STRING, &asked->student, "whose work", "ID"},
        {"assignment", 'a', 0, G_OPTION_ARG_STRING, &asked->assignment, "which", "NAME"},
        {"kit", 0, 0, G_OPTION_ARG_FILENAME, &asked->kit, "the kit's folder (.)", "FOLDER"},
        {"build-folder", 0, 0, G_OPTION_ARG_FILENAME, &asked->build_folder,
         "where it was built (build)", "FOLDER"},
        {"attempts", 0, 0, G_OPTION_ARG_INT, &asked->most_attempts,
         "how often it may be tried altogether; 0: once more", "NUMBER"},
        {"checks", 0, 0, G_OPTION_ARG_INT, &asked->checks, "checks at the same time", "NUMBER"},
        {"seconds", 0, 0, G_OPTION_ARG_INT, &asked->seconds,
         "most that it may take on an idle machine (1800)", "NUMBER"},
        {"year", 0, 0, G_OPTION_ARG_INT, &asked->year, "whose cases are drawn", "NUMBER"},
        {"again", 0, 0, G_OPTION_ARG_NONE, &asked->again, "also if it is graded", NULL},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context = g_option_context_new("- grades one assignment of one");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    const char *message = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &wrong))
        message = wrong->message;
    else if (argc > 1)
        message = "an argument too many; see --help";
    else if (!asked->out || !asked->student || !asked->assignment)
        message = "--out, --student and --assignment are needed; see --help";
    else if (!student_is_id(asked->student) || !student_is_id(asked->assignment))
        message = "that is no name of a student, or of an assignment";
    else if (asked->most_attempts < 0 || asked->checks < 0 || asked->seconds < 0 || asked->year < 0)
        message = "numbers are positive";
    if (message)
        fprintf(stderr, "class grade: %s\n", message);
    return !message;
}

static const char *build_folder(const struct asked *asked)
{
    return asked->build_folder ? asked->build_folder : "build";
}

static void add(GPtrArray *words, const char *option, const char *value)
{
    g_ptr_array_add(words, g_strconcat(option, "=", value, NULL));
}

static void run_grader(const struct asked *asked, const struct student *student, const char *out,
                       int lock, struct job_ended *ended)
{
    const char *engine = g_getenv("CLASS_ENGINE");
    g_autofree char *submission = g_build_filename(student->folder, "submission", NULL);
    g_autofree char *checks = g_strdup_printf("%d", asked->checks),
                    *year = g_strdup_printf("%d", asked->year);
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(words, g_build_filename(build_folder(asked), "grade", NULL));
    add(words, "--submission", submission);
    /* Reports are for students: no path in them tells whose they are, or where they were graded. */
    add(words, "--called", "skeleton");
    add(words, "--out", out);
    add(words, "--assignment", asked->assignment);
    add(words, "--kit", asked->kit ? asked->kit : ".");
    add(words, "--build-folder", build_folder(asked));
    add(words, "--jobs", checks);
    if (asked->year > 0)
        add(words, "--year", year);
    g_ptr_array_add(words, g_strdup("--svg")); /* nobody looks at the others of a whole class */
    g_ptr_array_add(words, g_strdup("--quiet"));
    g_ptr_array_add(words, NULL);
    const struct job_process process = {.words = (char **)words->pdata,
                                        .seconds =
                                            asked->seconds > 0 ? asked->seconds : MOST_SECONDS,
                                        .lock = lock,
                                        .engine = engine ? (pid_t)strtol(engine, NULL, 10) : 0};
    job_process_run(&process, ended);
}

/* With the lock. The grade is in place, or nothing has changed. */
static bool grade_it(const struct asked *asked, const struct student *student, int lock,
                     GString *error)
{
    int attempt;
    job_state(student, asked->assignment, &attempt);
    g_autofree char *folder = job_new_folder(student, asked->assignment);
    g_autofree char *kit = grader_kit_version(build_folder(asked));
    g_autofree char *began = class_now();
    if (!job_tidy(student, asked->assignment, error))
        return false;
    if (g_mkdir(folder, 0755) != 0) {
        g_string_append_printf(error, "%s can't be made: %s\n", folder, g_strerror(errno));
        return false;
    }
    g_autofree char *key = job_same_key(student, asked->assignment, kit, asked->year);
    if (key && !asked->again &&
        job_same_take(asked->out, student, asked->assignment, key, attempt + 1, folder))
        return job_put_in_place(student, asked->assignment, error);
    struct job_ended ended;
    run_grader(asked, student, folder, lock, &ended);
    const bool whole = ended.end == JOB_EXITED || ended.end == JOB_TIME;
    if (!whole)
        g_string_append(error, ended.end == JOB_INTERRUPTED ? "interrupted" : ended.words);
    const bool placed =
        whole && job_run_write(student, folder, kit, key, began, attempt + 1, &ended, error) &&
        job_put_in_place(student, asked->assignment, error);
    if (!placed)
        job_tidy(student, asked->assignment, error);
    g_free(ended.words);
    return placed;
}

static int do_job(const struct asked *asked, const struct student *student, GString *error)
{
    const int lock = job_lock(student, asked->assignment, SECONDS_TO_WAIT, error);
    if (lock < 0) {
        if (error->len == 0)
            complain(asked, "somebody else is at it");
        return error->len == 0 ? COMMAND_DONE : COMMAND_FAILED;
    }
    /* Whoever had the lock may have done it. */
    const bool to_do =
        (asked->again && job_state(student, asked->assignment, NULL) != JOB_REFUSED) ||
        job_is_to_do(student, asked->assignment, asked->most_attempts);
    const bool done = !to_do || grade_it(asked, student, lock, error);
    job_unlock(student, asked->assignment, lock);
    return done ? COMMAND_DONE : COMMAND_FAILED;
}

int job_grade_command(int argc, char **argv)
{
    struct asked asked = {.checks = 1};
    int status = COMMAND_USAGE;
    job_process_prepare();
    if (parse(&asked, argc, argv)) {
        g_autoptr(GString) error = g_string_new(NULL);
        struct student *student = student_read(asked.out, asked.student, error);
        status = student ? do_job(&asked, student, error) : COMMAND_FAILED;
        if (error->len > 0)
            complain(&asked, error->str);
        student_free(student);
    }
    char *const texts[] = {asked.out, asked.student, asked.assignment, asked.kit,
                           asked.build_folder};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    return status;
}
