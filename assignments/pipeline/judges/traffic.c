/* Messages of a step, and their time; see traffic.h. */
#include "assignments/pipeline/judges/traffic.h"
#include "assignments/pipeline/placement.h"

/* ---- how long a rank has computed until a moment ------------------------------------------ */

struct stretch {
    double begin, end;
    double before; /* computed until begin */
};

/* The computations of one rank by its clock, in order. */
static GArray *stretches(const struct log_file *log)
{
    GArray *array = g_array_new(FALSE, FALSE, sizeof(struct stretch));
    EVIDENCE_ARRAY events = evidence_events(log);
    double sum = 0, last = 0;
    for (guint i = 0; i < events->len; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        if (event->end >= log->count)
            continue;
        double begin = MAX((double)log->record[event->begin].clock, last);
        double end = MAX((double)log->record[event->end].clock, begin);
        struct stretch stretch = {begin, end, sum};
        g_array_append_val(array, stretch);
        sum += end - begin;
        last = end;
    }
    return array;
}

static double computed_until(const GArray *array, double time)
{
    guint low = 0, high = array->len; /* the last stretch that begins before `time` */
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(array, struct stretch, middle).begin < time)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return 0;
    const struct stretch *stretch = &g_array_index(array, struct stretch, low - 1);
    return stretch->before + MIN(time, stretch->end) - stretch->begin;
}

/* ---- messages ------------------------------------------------------------------------------ */

struct traffic *traffic_of_step(const struct outcome *run, const struct matching *matching,
                                int step)
{
    struct traffic *traffic = g_new0(struct traffic, run->ranks);
    GArray **computed = g_new(GArray *, run->ranks);
    for (int rank = 0; rank < run->ranks; rank++)
        computed[rank] = stretches(&run->log[rank]);
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        const struct message_half *send = &message->send, *receive = &message->receive;
        int from = message->source, to = message->destination;
        if (send->posted == NO_RECORD || send->step != step || from == to)
            continue;
        traffic[from].sent++;
        traffic[from].sent_bytes += (double)send->bytes;
        if (receive->posted == NO_RECORD || receive->completed == NO_RECORD)
            continue;
        double begin = (double)run->log[from].record[send->posted].clock;
        double end = (double)run->log[to].record[receive->completed].clock;
        if (end <= begin)
            continue;
        traffic[to].under_way += end - begin;
        traffic[to].hidden +=
            computed_until(computed[to], end) - computed_until(computed[to], begin);
    }
    for (int rank = 0; rank < run->ranks; rank++)
        g_array_unref(computed[rank]);
    g_free(computed);
    return traffic;
}

double traffic_expected_bytes(const struct outcome *run, const struct model *model,
                              const struct evidence_stage *stage, int rank)
{
    int stages = stages_count(run);
    double bytes = 0; /* per sample */
    if (run->ranks == 1)
        return 0;
    for (int s = placement_stage(rank, 0, run->ranks); s < stages;
         s = placement_next(s, run->ranks)) {
        const struct layer *first = &model->layer[stage[s].first_layer];
        const struct layer *last = &model->layer[stage[s].first_layer + stage[s].layers - 1];
        if (s > 0)
            bytes += sizeof(float) * (double)shape_count(first->input);
        if (s < stages - 1)
            bytes += sizeof(float) * (double)shape_count(last->output);
    }
    return bytes * run->options.batch_size;
}
