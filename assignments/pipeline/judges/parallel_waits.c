/* Which calls make a step longer than it has to be; see parallel_waits.h. */
#include "assignments/pipeline/judges/parallel_waits.h"

#include "common/log/log_fields.h"
#include "grader/trace/source_line.h"

#define MOST_SITES 32   /* a step with more lines that wait is looked at in part */
#define COSTS      1e-6 /* of the makespan: below that it costs nothing */

/* One place in a log where a rank waits for something that it could do without. */
struct wait {
    int rank;
    size_t record; /* that the replay must not wait at */
    size_t
        needed_at; /* the begin of the computation that uses what was received; NO_RECORD: none */
    int message;
    guint site;
};

struct waits {
    const struct outcome *run;
    const struct matching *matching;
    GArray *wait; /* of struct wait */
    GArray *site; /* of struct wait_site */
};

/* ---- finding them --------------------------------------------------------------------------------- */

static bool is_receive(const struct waits *w, int rank, size_t record, int message)
{
    const struct message *found = &w->matching->message[message];
    return found->destination == rank &&
           (found->receive.completed == record || found->receive.posted == record);
}

/* The first computation behind a record, and the first that began with this tensor; last: none. */
static void computations_behind(const struct log_file *log, size_t from, size_t last,
                                uint64_t tensor, size_t *next, size_t *user)
{
    *next = *user = last;
    for (size_t i = from; i < last; i++) {
        const struct log_record *record = &log->record[i];
        if (record->phase != LOG_BEGIN || record->operation < LOG_FORWARD ||
            record->operation > LOG_BACKWARD_WEIGHT)
            continue;
        *next = MIN(*next, i);
        if (log_tensor(record) == tensor && record->operation != LOG_BACKWARD_WEIGHT) {
            *user = i;
            return;
        }
    }
}

static guint find_site(struct waits *w, const struct log_record *call, bool early)
{
    for (guint k = 0; k < w->site->len; k++) {
        const struct wait_site *site = &g_array_index(w->site, struct wait_site, k);
        if (site->operation == call->operation && site->caller == call->caller &&
            site->early == early)
            return k;
    }
    struct wait_site site = {.operation = call->operation, .caller = call->caller, .early = early};
    g_array_append_val(w->site, site);
    return w->site->len - 1;
}

static void add_wait(struct waits *w, int rank, size_t call, size_t record, size_t needed_at,
                     int message)
{
    guint site = find_site(w, &w->run->log[rank].record[call], needed_at != NO_RECORD);
    struct wait wait = {rank, record, needed_at, message, site};
    g_array_append_val(w->wait, wait);
}

/* A record at which the replay may wait, within this call. */
static void look_at(struct waits *w, int rank, size_t call, size_t record, size_t last)
{
    const struct log_file *log = &w->run->log[rank];
    int message = w->matching->by_record[rank][record];
    if (message == NO_MESSAGE && log->record[record].operation != LOG_COMPLETED)
        message = w->matching->by_record[rank][call];
    if (message == NO_MESSAGE) {
        if (log->record[record].operation == LOG_COMPLETED ||
            log_is_collective(log->record[record].operation))
            add_wait(w, rank, call, record, NO_RECORD, NO_MESSAGE);
        return;
    }
    if (!is_receive(w, rank, record, message) && !is_receive(w, rank, call, message)) {
        add_wait(w, rank, call, record, NO_RECORD, message);
        return;
    }
    size_t next, user;
    computations_behind(log, record, last, w->matching->message[message].receive.fingerprint, &next,
                        &user);
    if (user < last && user > next)
        add_wait(w, rank, call, record, user, message);
}

static void look_at_rank(struct waits *w, int rank, int step)
{
    const struct log_file *log = &w->run->log[rank];
    size_t first, last, call = NO_RECORD;
    replay_find_records(log, step, &first, &last);
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation < LOG_SEND)
            continue;
        if (record->phase == LOG_BEGIN)
            call = i;
        else if (call != NO_RECORD &&
                 (record->phase == LOG_END || record->operation == LOG_COMPLETED))
            look_at(w, rank, call, i, last);
    }
}

/* ---- what they cost ------------------------------------------------------------------------------ */

static void count_calls(const struct waits *w, guint k, int step)
{
    struct wait_site *site = &g_array_index(w->site, struct wait_site, k);
    for (int rank = 0; rank < w->run->ranks; rank++) {
        size_t first, last;
        int calls = 0;
        replay_find_records(&w->run->log[rank], step, &first, &last);
        for (size_t i = first; i < last; i++) {
            const struct log_record *record = &w->run->log[rank].record[i];
            calls += record->phase == LOG_BEGIN && record->operation == site->operation &&
                     record->caller == site->caller;
        }
        site->calls += calls;
        site->ranks += calls > 0;
    }
}

static double makespan_without(const struct waits *w, guint site, struct replay_options options)
{
    struct replay_changes *changes = replay_changes_new(w->run->log, w->run->ranks);
    for (guint k = 0; k < w->wait->len; k++) {
        const struct wait *wait = &g_array_index(w->wait, struct wait, k);
        if (wait->site != site)
            continue;
        changes->skip[wait->rank][wait->record] = true;
        if (wait->needed_at != NO_RECORD)
            changes->needs[wait->rank][wait->needed_at] = wait->message;
    }
    options.changes = changes;
    struct replay *replay = replay_run(w->run->log, w->run->ranks, w->matching, options);
    double makespan = replay->makespan;
    replay_free(replay);
    replay_changes_free(changes, w->run->ranks);
    return makespan;
}

static gint dearest_first(gconstpointer a, gconstpointer b)
{
    const struct wait_site *left = a, *right = b;
    return left->saves < right->saves ? 1 : left->saves > right->saves ? -1 : 0;
}

GArray *wait_sites_find(const struct outcome *run, const struct matching *matching,
                        const struct replay *replay, struct replay_options options)
{
    struct waits w = {.run = run,
                      .matching = matching,
                      .wait = g_array_new(FALSE, FALSE, sizeof(struct wait)),
                      .site = g_array_new(FALSE, FALSE, sizeof(struct wait_site))};
    for (int rank = 0; rank < run->ranks; rank++)
        look_at_rank(&w, rank, options.step);
    for (guint k = 0; k < MIN(w.site->len, MOST_SITES); k++) {
        g_array_index(w.site, struct wait_site, k).saves =
            replay->makespan - makespan_without(&w, k, options);
        count_calls(&w, k, options.step);
    }
    g_array_sort(w.site, dearest_first);
    guint dear = 0;
    while (dear < w.site->len &&
           g_array_index(w.site, struct wait_site, dear).saves > COSTS * replay->makespan)
        dear++;
    g_array_set_size(w.site, dear);
    g_array_unref(w.wait);
    return w.site;
}

char *wait_site_text(const struct outcome *run, const struct wait_site *site)
{
    const char *line = run->program ? source_line(run->program, site->caller) : "";
    return g_strdup_printf("%s%s%s, called %d time%s", log_operation_name(site->operation),
                           line[0] ? " at " : "", line, site->calls, site->calls == 1 ? "" : "s");
}
