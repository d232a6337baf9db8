/* Data sets for programs and judges; see runner_data.h. */
#include "grader/run/runner_data.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct place {
    const char *name; /* that reads all of it */
    const char *variable;
    const char *inside;
    bool is_folder;
} places[RUNNER_DATA_SETS] = {
    {"fashion-mnist", "FASHION_MNIST_DIR", "/data/fashion-mnist", true},
    {"cifar10", "CIFAR10_DIR", "/data/cifar-10-batches-bin", true},
    {"text:tokens=2", "TEXT_FILE", "/data/text.txt", false},
};

/* Number of the set that a data set's name means; -1: none that has files. */
static int set_of(const char *name)
{
    const size_t length = strcspn(name, ":");
    for (int i = 0; i < RUNNER_DATA_SETS; i++)
        if (strcspn(places[i].name, ":") == length && strncmp(name, places[i].name, length) == 0)
            return i;
    return -1;
}

/* The same of a run's arguments, also where its data can't be read; probes read none. */
static int set_of_arguments(const struct rubric_run *run, const char *arguments)
{
    struct options options = {0};
    char error[OPTIONS_ERROR_SIZE];
    if (!arguments)
        return -1;
    const bool good = rubric_parse_arguments(run, arguments, &options, error);
    return options.device == DEVICE_META || (good && options.probe[0]) ? -1
                                                                       : set_of(options.dataset);
}

/* ---- the control ------------------------------------------------------------------------------------ */

/* What a process found. */
struct found {
    enum dataset_state state;
    uint64_t fingerprint;
    char error[DATASET_ERROR_SIZE];
};

static struct found look_at(const char *name, bool all)
{
    struct found found = {0};
    found.state = all ? dataset_examine(name, found.error) : dataset_look(name, found.error);
    if (found.state == DATASET_READY &&
        dataset_identify(name, DATASET_TRAIN, &found.fingerprint, found.error) < 0)
        found.state = DATASET_WRONG;
    return found;
}

_Noreturn static void look_and_tell(uid_t user, const struct place *place, const char *outside,
                                    bool all, int pipe)
{
    if (!sandbox_become(user))
        _exit(1);
    g_setenv(place->variable, outside, TRUE);
    const struct found found = look_at(place->name, all);
    _exit(write(pipe, &found, sizeof found) == sizeof found ? 0 : 1);
}

/* In a process of its own: what is read may come from a disk that fails, or be cut off meanwhile, and
 * whoever reads that is ended by a signal. */
static struct found look_as(uid_t user, const struct place *place, const char *outside, bool all)
{
    struct found found = {0}, told;
    int ends[2] = {-1, -1}, status = 0;
    const pid_t pid = pipe(ends) == 0 ? fork() : -1;
    if (pid == 0)
        look_and_tell(user, place, outside, all, ends[1]);
    const int cause = errno;
    close(ends[1]);
    const bool has_told = pid > 0 && read(ends[0], &told, sizeof told) == sizeof told;
    close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (has_told)
        return told;
    found.state = DATASET_WRONG;
    if (WIFSIGNALED(status))
        g_snprintf(found.error, sizeof found.error,
                   "%s: reading it ended in signal %d (%s): the disk can't read it, or somebody "
                   "made it shorter meanwhile",
                   outside, WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        g_snprintf(found.error, sizeof found.error, "%s: no process can be started to read it: %s",
                   outside, g_strerror(pid < 0 ? cause : EPERM));
    return found;
}

static void spoil(struct runner_data_set *set, const char *trouble)
{
    set->state = DATASET_WRONG;
    g_free(set->trouble);
    set->trouble = g_strdup(trouble);
}

/* Programs read as the sandbox's user, judges as the grader: can both, and is it the same? */
static void control(struct runner_data_set *set, const struct place *place)
{
    const uid_t user = sandbox_user(0);
    const struct found its = look_as(user, place, set->outside, true);
    const struct found own =
        user == geteuid() ? its : look_as(geteuid(), place, set->outside, false);
    if (own.state != DATASET_READY || its.state != DATASET_READY) {
        spoil(set, own.state == DATASET_READY ? its.error : own.error);
    } else if (own.fingerprint != its.fingerprint) {
        g_autofree char *trouble = g_strdup_printf(
            "%s: the grader reads something else there than the sandbox's user", set->outside);
        spoil(set, trouble);
    }
}

/* ---- finding ------------------------------------------------------------------------------------------ */

static void find_one(struct runner_data_set *set, const struct place *place, const char *work)
{
    char error[DATASET_ERROR_SIZE], path[DATASET_MOST_FILES][DATASET_PATH_SIZE];
    set->state = dataset_look(place->name, error);
    if (set->state != DATASET_READY) {
        set->trouble = g_strdup(error);
        return;
    }
    const int files = dataset_files(place->name, path);
    if (!runner_data_place(set, path, files, place->is_folder, place->inside, work)) {
        set->state = DATASET_WRONG;
        return;
    }
    control(set, place);
    if (set->state != DATASET_READY)
        return;
    set->environment =
        g_strdup_printf("%s=%s", place->variable, sandbox_path(set->outside, place->inside));
    set->named = g_strdup(g_getenv(place->variable));
    g_setenv(place->variable, set->outside, TRUE);
}

static void find_needed(struct runner_data *data, const struct rubric *rubric)
{
    for (guint i = 0; i < rubric->checks->len; i++) {
        const struct rubric_check *check = RUBRIC_CHECKS(rubric, i);
        for (guint k = 0; k < check->runs->len; k++) {
            const struct rubric_run *run = RUBRIC_RUNS(check, k);
            const int sets[] = {set_of_arguments(run, run->arguments),
                                set_of_arguments(run, run->otherwise)};
            for (int s = 0; s < 2; s++)
                if (sets[s] >= 0)
                    data->set[sets[s]].needed = true;
        }
    }
}

static void clear_file(void *pointer)
{
    g_free(((struct runner_data_file *)pointer)->path);
}

static void clear_bind(void *pointer)
{
    g_free((char *)((struct sandbox_bind *)pointer)->from);
    g_free((char *)((struct sandbox_bind *)pointer)->to);
}

void runner_data_find(struct runner_data *data, const struct rubric *rubric, const char *work)
{
    *data = (struct runner_data){0};
    for (int i = 0; i < RUNNER_DATA_SETS; i++) {
        struct runner_data_set *set = &data->set[i];
        set->needed = !rubric;
        set->files = g_array_new(FALSE, FALSE, sizeof(struct runner_data_file));
        set->see = g_array_new(FALSE, FALSE, sizeof(struct sandbox_bind));
        g_array_set_clear_func(set->files, clear_file);
        g_array_set_clear_func(set->see, clear_bind);
    }
    if (rubric)
        find_needed(data, rubric);
    for (int i = 0; i < RUNNER_DATA_SETS; i++)
        if (data->set[i].needed)
            find_one(&data->set[i], &places[i], work);
}

void runner_data_clear(struct runner_data *data)
{
    for (int i = 0; i < RUNNER_DATA_SETS; i++) {
        struct runner_data_set *set = &data->set[i];
        if (set->environment && set->named)
            g_setenv(places[i].variable, set->named, TRUE);
        else if (set->environment)
            g_unsetenv(places[i].variable);
        g_free(set->named);
        g_free(set->trouble);
        g_free(set->outside);
        g_free(set->environment);
        if (set->files)
            g_array_free(set->files, TRUE);
        if (set->see)
            g_array_free(set->see, TRUE);
    }
    *data = (struct runner_data){0};
}

/* ---- asking --------------------------------------------------------------------------------------------- */

const struct runner_data_set *runner_data_of(const struct runner_data *data,
                                             const struct options *options)
{
    const int set = options->device == DEVICE_META ? -1 : set_of(options->dataset);
    return set < 0 || !data->set[set].needed ? NULL : &data->set[set];
}

/* The set that decides about a run: its own or, where that is not installed, its other one. */
static const struct runner_data_set *deciding_set(const struct runner_data *data,
                                                  const struct rubric_run *run)
{
    const char *choices[] = {run->arguments, run->otherwise};
    const struct runner_data_set *set = NULL;
    for (int i = 0; i < 2 && choices[i]; i++) {
        const int number = set_of_arguments(run, choices[i]);
        set = number < 0 || !data->set[number].needed ? NULL : &data->set[number];
        if (!set || set->state != DATASET_ABSENT)
            return set;
    }
    return set;
}

const char *runner_data_trouble(const struct runner_data *data, const struct rubric_run *run)
{
    const struct runner_data_set *set = deciding_set(data, run);
    return set && set->state == DATASET_WRONG ? set->trouble : NULL;
}

char *runner_data_changed(const struct runner_data *data, const struct rubric_run *run)
{
    const struct runner_data_set *set = deciding_set(data, run);
    for (guint i = 0; set && i < set->files->len; i++) {
        const struct runner_data_file *file =
            &g_array_index(set->files, struct runner_data_file, i);
        struct stat now;
        if (stat(file->path, &now) != 0)
            return g_strdup_printf("%s: was there when grading began, and is not any more: %s",
                                   file->path, strerror(errno));
        if (now.st_dev != file->device || now.st_ino != file->number || now.st_size != file->size ||
            now.st_mtim.tv_sec != file->changed.tv_sec ||
            now.st_mtim.tv_nsec != file->changed.tv_nsec)
            return g_strdup_printf("%s: changed while it was used (it has %jd bytes, and had %jd "
                                   "when grading began); leave the data alone, and grade again",
                                   file->path, (intmax_t)now.st_size, (intmax_t)file->size);
    }
    return NULL;
}
