/*
 * A simulated run: tools/simulate runs one step of the solutions, and the log of
 * every rank tells what it took.
 */
#include "planner/planner.h"

#include "common/log/log_reader.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

char *plan_simulation_missing(const struct plan *plan)
{
    g_autofree char *smpirun = g_find_program_in_path("smpirun");
    if (!smpirun)
        return g_strdup("not simulated: that needs SimGrid (Debian and Ubuntu: apt-get install "
                        "libsimgrid-dev)");
    if (!plan->program || access(plan->program, X_OK) != 0)
        return g_strdup_printf("not simulated: there is no program %s; make plan builds it",
                               plan->program ? plan->program : "(--program)");
    return NULL;
}

/* ---- running ---------------------------------------------------------------------------------- */

static int ranks_of(const struct plan *plan, const struct plan_method *method)
{
    return method->ranks > 0 ? method->ranks : plan->ranks;
}

/* What ends a run when its time is over. */
static void append_limit(const struct plan *plan, GPtrArray *words)
{
    if (plan->simulation_seconds <= 0)
        return;
    g_ptr_array_add(words, g_strdup("timeout"));
    g_ptr_array_add(words, g_strdup("--kill-after=2"));
    g_ptr_array_add(words, g_strdup_printf("%.0f", fmax(1, plan->simulation_seconds)));
}

/* Words end with NULL, the tool among them. said: what it writes to standard output, to be freed; or NULL. */
static bool run_words(GPtrArray *words, const char *what, char **said, GString *error)
{
    GError *problem = NULL;
    g_autofree char *complaint = NULL;
    int status = 0;
    const GSpawnFlags flags = said ? G_SPAWN_DEFAULT : G_SPAWN_STDOUT_TO_DEV_NULL;
    if (!g_spawn_sync(NULL, (char **)words->pdata, NULL, flags | G_SPAWN_SEARCH_PATH, NULL, NULL,
                      said, &complaint, &status, &problem)) {
        g_string_printf(error, "%s can't be run: %s", (char *)words->pdata[0], problem->message);
        g_error_free(problem);
        return false;
    }
    if (status != 0)
        g_string_printf(error, "the simulated run of %s failed: %s", what, g_strstrip(complaint));
    return status == 0;
}

/* folder: where the logs go; NULL: none are written, and *said becomes the report, to be freed. */
static bool run_program(const struct plan *plan, const struct plan_method *method,
                        const char *folder, char **said, GString *error)
{
    g_autofree char *tool = g_build_filename(plan->kit, "tools", "simulate", NULL);
    g_autofree char *ranks = g_strdup_printf("%d", ranks_of(plan, method));
    g_autofree char *batch = g_strdup_printf("%d", plan->batch_size);
    g_autofree char *micro_batches = g_strdup_printf("%d", plan->micro_batches);
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    append_limit(plan, words);
    const char *before[] = {tool,
                            ranks,
                            plan->platform_name,
                            plan->program,
                            plan->part->method_option,
                            method->value ? method->value : method->name,
                            "--model",
                            plan->model_name,
                            "--data",
                            plan->dataset,
                            "--batch",
                            batch,
                            "--micro-batches",
                            micro_batches,
                            "--device",
                            "meta",
                            "--steps",
                            "1",
                            "--quiet",
                            folder ? "--evidence" : "--report",
                            folder};
    for (guint i = 0; i < G_N_ELEMENTS(before) && before[i]; i++)
        g_ptr_array_add(words, g_strdup(before[i]));
    plan->part->options(plan, method, words);
    g_ptr_array_add(words, NULL);
    return run_words(words, method->name, said, error);
}

static void remove_folder(const char *path)
{
    g_autoptr(GDir) list = g_dir_open(path, 0, NULL);
    for (const char *name; list && (name = g_dir_read_name(list));) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_unlink(file);
    }
    g_rmdir(path);
}

/* ---- reading ---------------------------------------------------------------------------------- */

/* When a rank's step began and ended, in nanoseconds. All wait for each other before the first step does
 * anything: it begins with what is recorded next. */
struct span {
    uint64_t begin, end;
    bool waits;    /* nothing was recorded since the step's begin */
    bool computes; /* now */
};

/* A computation is busy but for the calls of MPI in it: a layer may make some. */
static void take_busy(const struct log_record *record, struct rank_use *use, struct span *span)
{
    const double clock = 1e-9 * (double)record->clock;
    if (log_is_computation(record)) {
        span->computes = record->phase == LOG_BEGIN;
        use->busy += span->computes ? -clock : clock;
    } else if (span->computes && record->operation >= LOG_SEND && record->phase != LOG_INSTANT) {
        use->busy += record->phase == LOG_BEGIN ? clock : -clock;
    }
}

static void take(const struct log_record *record, struct rank_use *use, struct span *span)
{
    if (span->waits)
        span->begin = record->clock;
    span->waits = record->operation == LOG_STEP_BEGIN;
    if (record->operation == LOG_STEP_END)
        span->end = record->clock;
    else if (record->operation == LOG_MEMORY && log_memory(record).kind < MEMORY_KINDS)
        use->peak[log_memory(record).kind] = (double)record->bytes;
}

static bool read_rank(const char *folder, int rank, struct rank_use *use, struct span *span,
                      GString *error)
{
    g_autofree char *name = g_strdup_printf("rank-%d.log", rank);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    struct log_file log;
    char why[LOG_ERROR_SIZE];
    if (!log_read(path, &log, why)) {
        g_string_printf(error, "the simulated run left no log: %s", why);
        return false;
    }
    for (size_t i = 0; i < log.count; i++) {
        take(&log.record[i], use, span);
        take_busy(&log.record[i], use, span);
    }
    plan_add_messages(&log, use);
    const bool complete = log.complete;
    log_destroy(&log);
    if (!complete)
        g_string_printf(error, "rank %d of the simulated run did not come to its end", rank);
    return complete;
}

static bool read_logs(const char *folder, struct simulated *simulated, GString *error)
{
    double busy = 0;
    for (int rank = 0; rank < simulated->ranks; rank++) {
        struct span span = {0};
        if (!read_rank(folder, rank, &simulated->rank[rank], &span, error))
            return false;
        simulated->seconds = MAX(simulated->seconds, 1e-9 * (double)(span.end - span.begin));
        busy += simulated->rank[rank].busy / simulated->ranks;
    }
    simulated->bubble = simulated->seconds > 0 ? 1 - busy / simulated->seconds : 0;
    return true;
}

struct simulated *plan_simulated_new(const struct plan *plan, const struct plan_method *method,
                                     GString *error)
{
    GError *problem = NULL;
    g_autofree char *folder = g_dir_make_tmp("plan-XXXXXX", &problem);
    if (!folder) {
        g_string_printf(error, "no folder for the simulated run: %s", problem->message);
        g_error_free(problem);
        return NULL;
    }
    struct simulated *simulated = g_new0(struct simulated, 1);
    simulated->ranks = ranks_of(plan, method);
    simulated->rank = g_new0(struct rank_use, (gsize)simulated->ranks);
    const bool done =
        run_program(plan, method, folder, NULL, error) && read_logs(folder, simulated, error);
    remove_folder(folder);
    if (done)
        return simulated;
    plan_simulated_free(simulated);
    return NULL;
}

bool plan_simulated_bubble(const struct plan *plan, const struct plan_method *method,
                           double *bubble, GString *error)
{
    static const char line[] = "bubble (idle share of the makespan) ";
    g_autofree char *said = NULL;
    if (!run_program(plan, method, NULL, &said, error))
        return false;
    const char *found = strstr(said, line);
    if (!found) {
        g_string_printf(error, "the simulated run of %s reported no bubble", method->name);
        return false;
    }
    *bubble = g_ascii_strtod(found + sizeof line - 1, NULL) / 100;
    return true;
}

bool plan_simulated_step(const struct plan *plan, int ranks, char *const settings[],
                         double *seconds, double *computing, GString *error)
{
    g_autofree char *said = NULL;
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    append_limit(plan, words);
    g_ptr_array_add(words, g_build_filename(plan->kit, "tools", "simulate", NULL));
    g_ptr_array_add(words, g_strdup_printf("%d", ranks));
    g_ptr_array_add(words, g_strdup(plan->platform_name));
    g_ptr_array_add(words, g_strdup(plan->step_program));
    for (int i = 0; settings[i]; i++)
        g_ptr_array_add(words, g_strdup(settings[i]));
    g_ptr_array_add(words, NULL);
    if (!run_words(words, "a step", &said, error))
        return false;
    const char *step = strstr(said, "step "), *mean = strstr(said, "mean ");
    if (!step || !mean) {
        g_string_assign(error, "the simulated run of a step reported no time");
        return false;
    }
    *seconds = g_ascii_strtod(step + strlen("step "), NULL);
    *computing = g_ascii_strtod(mean + strlen("mean "), NULL);
    return true;
}

void plan_simulated_free(struct simulated *simulated)
{
    if (!simulated)
        return;
    g_free(simulated->rank);
    g_free(simulated);
}
