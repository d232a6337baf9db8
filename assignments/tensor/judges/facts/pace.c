/* What ranks did with the time of a step; see pace.h. On the simulated cluster time in which FLOPs were
 * charged is computing: nothing else passes meanwhile. */
#include "assignments/tensor/judges/facts/pace.h"

#include "grader/evidence/traffic.h"

struct stretch {
    double begin, end; /* nanoseconds */
};

/* Appends what a rank computed in the step; returns how long it was. */
static double add_stretches(const struct log_file *log, int step, GArray *stretches)
{
    double sum = 0;
    int now = -1;
    for (size_t i = 0; i + 1 < log->count; i++) {
        const struct log_record *record = &log->record[i], *next = &log->record[i + 1];
        log_follow_step(record, &now);
        if (now != step || next->flops <= record->flops || next->clock <= record->clock)
            continue;
        const struct stretch stretch = {(double)record->clock, (double)next->clock};
        g_array_append_val(stretches, stretch);
        sum += stretch.end - stretch.begin;
    }
    return sum;
}

static int by_begin(gconstpointer a, gconstpointer b)
{
    const struct stretch *one = a, *other = b;
    return (one->begin > other->begin) - (one->begin < other->begin);
}

/* How long one or more of them lasted. */
static double length_of_union(GArray *stretches)
{
    double length = 0, until = 0;
    g_array_sort(stretches, by_begin);
    for (guint i = 0; i < stretches->len; i++) {
        const struct stretch *stretch = &g_array_index(stretches, struct stretch, i);
        const double begin = MAX(stretch->begin, until);
        length += MAX(0, stretch->end - begin);
        until = MAX(until, stretch->end);
    }
    return length;
}

struct handed_in {
    int step;
    double calls, bytes;
};

static void add_item(const struct traffic_item *item, void *user)
{
    struct handed_in *handed_in = user;
    if (item->step != handed_in->step)
        return;
    handed_in->calls++;
    handed_in->bytes += (double)item->bytes;
}

struct pace pace_of(const struct outcome *run, int step)
{
    struct pace pace = {0};
    g_autoptr(GArray) stretches = g_array_new(FALSE, FALSE, sizeof(struct stretch));
    for (int rank = 0; rank < run->ranks; rank++) {
        struct handed_in own = {.step = step};
        const double computed = 1e-9 * add_stretches(&run->log[rank], step, stretches);
        traffic_each(&run->log[rank], add_item, &own);
        pace.computing += computed;
        if (computed > pace.most) {
            pace.most = computed;
            pace.most_rank = rank;
        }
        pace.calls += own.calls / run->ranks;
        pace.bytes = MAX(pace.bytes, own.bytes);
    }
    pace.any = 1e-9 * length_of_union(stretches);
    return pace;
}
