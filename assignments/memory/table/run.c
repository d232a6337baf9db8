/* One run of a program, read from the logs of its ranks; see table.h. */
#include "assignments/memory/table/table.h"

#include "common/log/log_reader.h"
#include "grader/evidence/traffic.h"
#include "grader/pictures/picture_memory.h"

#include <glib/gstdio.h>
#include <math.h>

#define MOST_CHANGES "400000" /* of memory that a log has room for */

/* ---- running -------------------------------------------------------------------------------------- */

static void add_words(GPtrArray *words, const char *text)
{
    g_auto(GStrv) split = g_strsplit(text, " ", -1);
    for (char **word = split; *word; word++)
        if (**word)
            g_ptr_array_add(words, g_strdup(*word));
}

static GPtrArray *command(const struct table_setting *setting, const char *options,
                          const char *folder)
{
    const bool simulated = setting->platform_name != NULL;
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(
        words, g_build_filename(setting->kit, "tools", simulated ? "simulate" : "launch", NULL));
    g_ptr_array_add(words, g_strdup_printf("%d", setting->ranks));
    if (simulated)
        g_ptr_array_add(words, g_strdup(setting->platform_name));
    g_ptr_array_add(words, g_strdup(setting->program));
    const char *const named[] = {"--model",     setting->model_name, "--data",
                                 setting->data, "--evidence",        folder};
    for (gsize i = 0; i < G_N_ELEMENTS(named); i++)
        g_ptr_array_add(words, g_strdup(named[i]));
    g_autofree char *numbers = g_strdup_printf(
        "--batch %d --micro-batches %d --steps %d --optimizer adamw --quiet --log-memory=%s %s %s",
        setting->batch, setting->micro_batches, setting->steps, MOST_CHANGES,
        simulated ? "--device meta" : "", options);
    add_words(words, numbers);
    g_ptr_array_add(words, NULL);
    return words;
}

/* What a program complains of, in one line. */
static void put_complaint(GString *error, char *complaint, int status)
{
    g_auto(GStrv) lines = g_strsplit(g_strstrip(complaint), "\n", 2);
    if (lines[0] && *lines[0])
        g_string_assign(error, lines[0]);
    else
        g_string_printf(error, "it ended with status %d", status);
}

static bool run(const struct table_setting *setting, const char *options, const char *folder,
                GString *error)
{
    g_autoptr(GPtrArray) words = command(setting, options, folder);
    g_autoptr(GError) problem = NULL;
    g_autofree char *complaint = NULL;
    int status = 0;
    if (!g_spawn_sync(NULL, (char **)words->pdata, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                      NULL, &complaint, &status, &problem)) {
        g_string_assign(error, problem->message);
        return false;
    }
    if (status != 0)
        put_complaint(error, complaint, status);
    return status == 0;
}

static void remove_folder(const char *path)
{
    g_autoptr(GDir) list = g_dir_open(path, 0, NULL);
    for (const char *name; list && (name = g_dir_read_name(list));) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        if (g_file_test(file, G_FILE_TEST_IS_DIR))
            remove_folder(file);
        else
            g_unlink(file);
    }
    g_rmdir(path);
}

/* ---- reading ---------------------------------------------------------------------------------------- */

static bool read_logs(const char *folder, struct log_file *logs, int ranks, GString *error)
{
    for (int rank = 0; rank < ranks; rank++) {
        g_autofree char *name = g_strdup_printf("rank-%d.log", rank);
        g_autofree char *path = g_build_filename(folder, name, NULL);
        char why[LOG_ERROR_SIZE];
        const bool read = log_read(path, &logs[rank], why);
        if (!read || !logs[rank].complete) {
            g_string_printf(error, "%s", read ? "a rank did not come to its end" : why);
            for (int before = 0; before < rank + (read ? 1 : 0); before++)
                log_destroy(&logs[before]);
            return false;
        }
    }
    return true;
}

/* Of one rank's step: how long it took, and in how much of that the rank computed. All wait for each other before a step
 * does anything: it begins with what is recorded first. */
static double seconds_of(const struct log_file *log, int step, double *busy)
{
    size_t first, last;
    if (!log_find_step(log, step, &first, &last) || first >= last)
        return NAN;
    double from = 0;
    bool computes = false;
    *busy = 0;
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &log->record[i];
        const double clock = 1e-9 * (double)(record->clock - log->record[first].clock);
        const bool call = record->operation >= LOG_SEND && record->phase != LOG_INSTANT;
        if (!log_is_computation(record) && !(computes && call))
            continue;
        const bool on =
            log_is_computation(record) ? record->phase == LOG_BEGIN : record->phase == LOG_END;
        if (log_is_computation(record))
            computes = on;
        if (on)
            from = clock;
        else
            *busy += clock - from;
    }
    return 1e-9 * (double)(log->record[last].clock - log->record[first].clock);
}

static gint compare(gconstpointer left, gconstpointer right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b ? 1 : 0;
}

/* The median of the steps behind the first, or of the only one. */
static void read_times(const struct log_file *logs, const struct table_setting *setting,
                       struct figures *measured)
{
    const int first = setting->steps > 1 ? 1 : 0, steps = setting->steps - first;
    g_autofree double *seconds = g_new0(double, steps);
    double busy = 0, all = 0;
    for (int step = 0; step < steps; step++) {
        for (int rank = 0; rank < setting->ranks; rank++) {
            double own = 0;
            seconds[step] = fmax(seconds[step], seconds_of(&logs[rank], first + step, &own));
            busy += own / setting->ranks;
        }
        all += seconds[step];
    }
    measured->utilisation = busy / all;
    qsort(seconds, (size_t)steps, sizeof *seconds, compare);
    measured->seconds = seconds[steps / 2];
}

static double traffic_of(const struct log_file *logs, int ranks, int step)
{
    struct traffic *traffic = traffic_new(logs, ranks);
    double volume = 0;
    for (guint i = 0; i < traffic->entries->len; i++) {
        const struct traffic_entry *entry =
            &g_array_index(traffic->entries, struct traffic_entry, i);
        volume += entry->step == step ? entry->volume : 0;
    }
    traffic_free(traffic);
    return volume / ranks;
}

static double peak_of(const struct live_memory *memory)
{
    return live_moment_bytes(live_moment(memory, memory->peak));
}

static void read_memory(const struct live_memory *memory, struct figures *measured)
{
    const struct live_moment *peak = live_moment(memory, memory->peak);
    measured->peak = peak_of(memory);
    measured->cut = memory->cut;
    for (int kind = 0; kind < MEMORY_KINDS; kind++) {
        measured->at_peak[kind] = peak->live[kind];
        for (guint i = 0; i < memory->moments->len; i++)
            measured->most[kind] = fmax(measured->most[kind], live_moment(memory, i)->live[kind]);
    }
}

/* Replicas do all the same: one of them is enough. */
static bool draw(const struct table_setting *setting, const struct log_file *logs,
                 const struct live_memory *memory, int step, const char *picture, const char *title,
                 GString *error)
{
    const struct memory_scene scene = {.memory = memory, .logs = logs, .ranks = 1, .step = step};
    g_autofree char *path = g_build_filename(setting->pictures, picture, NULL);
    return picture_of_memory(&scene, title, path, error);
}

static bool read_run(const struct table_setting *setting, const struct log_file *logs,
                     const char *picture, const char *title, struct figures *measured,
                     GString *error)
{
    const int step = setting->steps - 1;
    struct live_memory *memory = live_memory_new(logs, setting->ranks, step);
    if (!memory) {
        g_string_assign(error, "its logs have nothing of memory");
        return false;
    }
    int most = 0;
    for (int rank = 1; rank < setting->ranks; rank++)
        if (peak_of(&memory[rank]) > peak_of(&memory[most]))
            most = rank;
    read_memory(&memory[most], measured);
    read_times(logs, setting, measured);
    measured->traffic = traffic_of(logs, setting->ranks, step);
    const bool done = !picture || draw(setting, logs, memory, step, picture, title, error);
    live_memory_free(memory, setting->ranks);
    return done;
}

bool table_run(const struct table_setting *setting, const char *options, const char *picture,
               const char *title, struct figures *measured, GString *error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *folder = g_dir_make_tmp("table-XXXXXX", &problem);
    if (!folder) {
        g_string_assign(error, problem->message);
        return false;
    }
    *measured = (struct figures){0};
    g_autofree struct log_file *logs = g_new0(struct log_file, setting->ranks);
    bool done =
        run(setting, options, folder, error) && read_logs(folder, logs, setting->ranks, error);
    if (done) {
        done = read_run(setting, logs, picture, title, measured, error);
        for (int rank = 0; rank < setting->ranks; rank++)
            log_destroy(&logs[rank]);
    }
    remove_folder(folder);
    return done;
}
