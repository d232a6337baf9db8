/* Grading under a fault, in a process of its own; see faults.h. */
#include "tests/faults/faults.h"

#include "grader/sandbox/process_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST 420.0 /* seconds of an idle machine */

/* ---- the submission -------------------------------------------------------------------------------- */

/* A submission of the example in the folder. Of another assignment there is a right one only. */
static void write_submission(const struct fault_trial *trial, const char *folder)
{
    static const char *const changes[FAULT_SUBMISSIONS][2] = {
        [FAULT_RIGHT_ONE] = {"double sum;", "double sum;"},
        [FAULT_WRONG_ONE] = {"return sum / ranks;", "return ranks > 0 ? sum : 0;"},
        [FAULT_CALLING_ONE] = {"double sum;", "double sum;\n    if (mine > 1e300)\n        (void)!"
                                              "system(\"true\");"},
        [FAULT_HIDING_ONE] = {"double sum;", "double sum;\n    if (mine > 1e300)\n        "
                                             "__asm__ volatile(\"syscall\");"}};
    g_autofree char *to = g_build_filename(folder, "average.c", NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents("solutions/example/average.c", &text, NULL, NULL))
        return;
    GString *changed = g_string_new(text);
    g_string_replace(changed, changes[trial->submission][0], changes[trial->submission][1], 1);
    g_string_prepend(changed, "#include <stdlib.h>\n");
    g_file_set_contents(to, changed->str, -1, NULL);
    g_string_free(changed, TRUE);
}

/* ---- the grader ----------------------------------------------------------------------------------------- */

static _Noreturn void be_the_grader(const struct fault_trial *trial,
                                    const struct fault_place *place, char *const *environment)
{
    g_autofree char *program = g_build_filename(trial->build_folder, "grade", NULL);
    g_autofree char *submission = strcmp(trial->assignment, "example") == 0
                                      ? g_build_filename(place->folder, "submission", NULL)
                                      : g_strdup("solutions");
    g_autofree char *printed = g_build_filename(place->folder, "printed", NULL);
    g_autofree char *complaints = g_build_filename(place->folder, "complaints", NULL);
    const bool is_full = strcmp(trial->fault.what, "stdout") == 0;
    const bool is_closed = is_full && strcmp(trial->fault.how, "closed") == 0;
    const int to = open(is_full ? "/dev/full" : printed, O_WRONLY | O_CREAT, 0644);
    const int words = open(complaints, O_WRONLY | O_CREAT, 0644);
    if (to < 0 || words < 0 || dup2(to, STDOUT_FILENO) < 0 || dup2(words, STDERR_FILENO) < 0)
        _exit(99);
    close(to);
    close(words);
    if (is_closed)
        close(STDOUT_FILENO);
    const char *arguments[] = {program,
                               "--quiet",
                               "--submission",
                               submission,
                               "--assignment",
                               trial->assignment,
                               "--out",
                               place->out,
                               "--build-folder",
                               trial->build_folder,
                               trial->checks ? "--check" : NULL,
                               trial->checks,
                               NULL};
    execve(program, (char **)arguments, environment);
    _exit(99);
}

static struct fault_ended wait_for(const struct fault_trial *trial, const struct fault_place *place,
                                   pid_t grader, double *seconds)
{
    struct fault_ended ended = {0};
    const gint64 began = g_get_monotonic_time();
    double clock = 0; /* of an idle machine: the grader is patient where others compete, too */
    int done = 0;
    while (waitpid(grader, &ended.status, WNOHANG) == 0) {
        const double before = *seconds;
        *seconds = (double)(g_get_monotonic_time() - began) * 1e-6;
        clock += (*seconds - before) / process_crowding();
        if (clock > LONGEST) {
            ended.hung = true;
            break;
        }
        const bool happens =
            trial->fault.kind == FAULT_KILL ||
            (trial->fault.kind == FAULT_PLACE && strcmp(trial->fault.how, "filling") == 0);
        if (happens && *seconds * 1e3 >= trial->fault.nth)
            fault_watch(&trial->fault, place, grader, &done);
        g_usleep(happens ? 1000 : 10000);
    }
    return ended;
}

/* Everything in the process that has the fault. */
static void look(const struct fault_trial *trial, const struct fault_place *place,
                 struct fault_result *result)
{
    g_autoptr(GString) why = g_string_new(NULL);
    char **environment = g_get_environ();
    environment = g_environ_setenv(environment, "TMPDIR", place->tmp, TRUE);
    environment = g_environ_setenv(environment, "LC_ALL", "C.UTF-8", TRUE);
    environment = g_environ_setenv(environment, "OMP_NUM_THREADS", "1", TRUE);
    environment = g_environ_setenv(environment, "OPENBLAS_NUM_THREADS", "1", TRUE);
    environment = g_environ_setenv(environment, "CIFAR10_DIR", "/no/such/folder", TRUE);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        fault_say(result, FAULT_SKIPPED, "no mount name spaces here");
        return;
    }
    if (!fault_make(&trial->fault, place, trial->build_folder, &environment, why)) {
        fault_say(result, FAULT_SKIPPED, why->str);
        return;
    }
    const pid_t grader = fork();
    if (grader == 0)
        be_the_grader(trial, place, environment);
    struct fault_ended ended = wait_for(trial, place, grader, &result->seconds);
    g_autofree char *complaints = g_build_filename(place->folder, "complaints", NULL);
    if (!g_file_get_contents(complaints, &ended.complaints, NULL, NULL))
        ended.complaints = g_strdup("");
    fault_judge(trial->submission, place, &ended, result);
    g_free(ended.complaints);
    g_strfreev(environment);
}

/* ---- outside of it ------------------------------------------------------------------------------------- */

static bool make_folders(const struct fault_trial *trial, struct fault_place *place)
{
    g_autofree char *submission = NULL;
    place->folder = g_dir_make_tmp("fault-XXXXXX", NULL);
    if (!place->folder)
        return false;
    place->tmp = g_build_filename(place->folder, "tmp", NULL);
    place->out = g_build_filename(place->folder, "out", NULL);
    place->counter = g_build_filename(place->folder, "counter", NULL);
    submission = g_build_filename(place->folder, "submission", NULL);
    const struct inject_counter nothing = {0};
    const bool made =
        chmod(place->folder, 0755) == 0 && g_mkdir(place->tmp, 01777) == 0 &&
        chmod(place->tmp, 01777) == 0 && g_mkdir(place->out, 0755) == 0 &&
        g_mkdir(submission, 0755) == 0 &&
        g_file_set_contents(place->counter, (const char *)&nothing, sizeof nothing, NULL);
    if (made && strcmp(trial->assignment, "example") == 0)
        write_submission(trial, submission);
    return made;
}

static void remove_folders(struct fault_place *place)
{
    char *words[] = {"rm", "-rf", "--", place->folder, NULL};
    if (place->folder)
        g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(place->folder);
    g_free(place->tmp);
    g_free(place->out);
    g_free(place->counter);
}

static void read_places(const struct fault_place *place, struct fault_result *result)
{
    g_autofree char *bytes = NULL;
    gsize length = 0;
    struct inject_counter counter = {0};
    if (g_file_get_contents(place->counter, &bytes, &length, NULL) && length == sizeof counter)
        memcpy(&counter, bytes, sizeof counter);
    result->places = MIN(counter.places, INJECT_PLACES);
    for (int i = 0; i < result->places; i++)
        result->place[i] = counter.place[i].call;
}

struct fault_result fault_try(const struct fault_trial *trial)
{
    struct fault_result result = {.end = FAULT_SKIPPED, .sentence = "no folder, or no process"};
    struct fault_place place = {0};
    int ends[2];
    if (make_folders(trial, &place) && pipe(ends) == 0) {
        fflush(NULL);
        const pid_t pid = fork();
        if (pid == 0) {
            close(ends[0]);
            look(trial, &place, &result);
            _exit(write(ends[1], &result, sizeof result) == (ssize_t)sizeof result ? 0 : 1);
        }
        close(ends[1]);
        if (pid > 0 && read(ends[0], &result, sizeof result) != (ssize_t)sizeof result)
            fault_say(&result, FAULT_SKIPPED, "the trial itself broke off");
        close(ends[0]);
        waitpid(pid, NULL, 0);
        read_places(&place, &result);
    }
    remove_folders(&place);
    return result;
}
