/* Read from a log, in one pass; see computations.h. */
#include "assignments/memory/judges/recomputation/computations.h"

#include <math.h>

/* ---- one log ----------------------------------------------------------------------------------------- */

struct reading {
    struct computations *to;
    double live[MEMORY_KINDS]; /* bytes */
    float *scale;              /* of each micro-batch, of the latest loss */
    int micro_batches, step;
    size_t record;
    int open; /* the computation that has begun, or -1 */
};

static void take_allocation(struct reading *reading, const struct log_record *record)
{
    const struct log_allocation change = log_allocation(record);
    if (change.cut)
        reading->to->has_memory = false;
    if (change.kind < 0 || change.kind >= MEMORY_KINDS)
        return;
    reading->live[change.kind] = change.live;
    if (reading->open >= 0 && change.kind == MEMORY_ACTIVATION) {
        struct computation *one = computation_at(reading->to, (guint)reading->open);
        one->most = fmax(one->most, change.live);
        one->changes++;
        g_array_append_val(reading->to->live, change.live);
    }
}

static double others(const struct reading *reading)
{
    double sum = 0;
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        sum += kind == MEMORY_ACTIVATION ? 0 : reading->live[kind];
    return sum;
}

static bool is_known(const struct reading *reading, int micro_batch)
{
    return micro_batch >= 0 && micro_batch < reading->micro_batches;
}

/* A computation has parts where the program is told of its layers: those behind the first go on with it. */
static void begin(struct reading *reading, const struct log_record *record)
{
    const bool back = record->operation == LOG_BACKWARD;
    GArray *of = reading->to->of;
    const struct computation *last = of->len > 0 ? computation_at(reading->to, of->len - 1) : NULL;
    const bool goes_on = last && last->back == back && last->step == reading->step &&
                         last->micro_batch == record->micro_batch;
    if (!goes_on) {
        const struct computation one = {.step = reading->step,
                                        .micro_batch = record->micro_batch,
                                        .record = reading->record,
                                        .first = reading->to->live->len,
                                        .back = back,
                                        .before = reading->live[MEMORY_ACTIVATION],
                                        .behind = reading->live[MEMORY_ACTIVATION],
                                        .most = reading->live[MEMORY_ACTIVATION],
                                        .scale = back && is_known(reading, record->micro_batch)
                                                     ? reading->scale[record->micro_batch]
                                                     : 0};
        g_array_append_val(of, one);
    }
    reading->open = (int)of->len - 1;
    computation_at(reading->to, (guint)reading->open)->flops -= record->flops;
    computation_at(reading->to, (guint)reading->open)->others -= others(reading);
}

static void end(struct reading *reading, const struct log_record *record)
{
    struct computation *one = computation_at(reading->to, (guint)reading->open);
    one->flops += record->flops;
    one->others += others(reading);
    one->behind = reading->live[MEMORY_ACTIVATION];
    reading->open = -1;
}

static void take(struct reading *reading, const struct log_record *record)
{
    const enum log_operation operation = record->operation;
    log_follow_step(record, &reading->step);
    if (operation == LOG_ALLOCATE || operation == LOG_RELEASE)
        take_allocation(reading, record);
    if (operation == LOG_LOSS_BACKWARD && is_known(reading, record->micro_batch))
        reading->scale[record->micro_batch] = (float)log_loss_scale(record);
    if (reading->step < 0 || (operation != LOG_FORWARD && operation != LOG_BACKWARD))
        return;
    if (record->phase == LOG_BEGIN && reading->open < 0)
        begin(reading, record);
    else if (record->phase == LOG_END && reading->open >= 0)
        end(reading, record);
}

struct computations computations_none(void)
{
    return (struct computations){.stage = -1,
                                 .of = g_array_new(FALSE, FALSE, sizeof(struct computation)),
                                 .live = g_array_new(FALSE, FALSE, sizeof(double))};
}

static void read_log(const struct log_file *log, int micro_batches, struct computations *to)
{
    g_autofree float *scale = g_new0(float, micro_batches);
    struct reading reading = {
        .to = to, .scale = scale, .micro_batches = micro_batches, .step = -1, .open = -1};
    *to = computations_none();
    to->has_memory = true;
    bool any = false;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation == LOG_STAGE && reading.step < 0) {
            const struct log_stage stage = log_stage(record);
            to->stage = stage.stage;
            to->first_layer = stage.first_layer;
            to->layers = stage.layers;
        }
        any = any || record->operation == LOG_ALLOCATE;
        reading.record = i;
        take(&reading, record);
    }
    to->has_memory = to->has_memory && any;
}

/* ---- all of them --------------------------------------------------------------------------------------- */

/* Within a step: each micro-batch has a forward and behind it a backward, or neither. */
static bool are_in_order(const struct computations *all, int micro_batches, int steps, int rank,
                         struct verdict *verdict)
{
    g_autofree int *state = g_new0(int, micro_batches);
    for (guint i = 0; i < all->of->len; i++) {
        const struct computation *one = computation_at(all, i);
        const int m = one->micro_batch;
        const int due = 2 * one->step + (one->back ? 1 : 0);
        if (m >= 0 && m < micro_batches && one->step < steps &&
            (one->back ? state[m] == due : state[m] <= due)) {
            state[m] = due + 1;
            continue;
        }
        evidence_fail(verdict, "rank %d, step %d: %s of micro-batch %d is not in its place", rank,
                      one->step, one->back ? "the backward" : "the forward", m);
        return false;
    }
    for (int m = 0; m < micro_batches; m++)
        if (state[m] % 2 == 1) {
            evidence_fail(verdict, "rank %d: micro-batch %d went forwards and never back", rank, m);
            return false;
        }
    return true;
}

/* Replicas have all layers each, the stages of a pipeline one run behind the other. */
static bool layers_are_known(const struct computations *all, int ranks, int layers)
{
    int next = 0;
    bool whole = true, in_a_row = true;
    for (int rank = 0; rank < ranks; rank++) {
        const struct computations *one = &all[rank];
        whole = whole && one->stage == 0 && one->first_layer == 0 && one->layers == layers;
        in_a_row = in_a_row && one->stage == rank && one->first_layer == next && one->layers > 0 &&
                   one->layers <= layers - next;
        next += in_a_row ? one->layers : 0;
    }
    return whole || (in_a_row && next == layers);
}

struct computations *computations_of_run(const struct outcome *run, int layers,
                                         struct verdict *verdict)
{
    const int micro_batches = options_micro_batches(&run->options);
    struct computations *all = g_new0(struct computations, run->ranks);
    bool right = true;
    for (int rank = 0; rank < run->ranks; rank++)
        read_log(&run->log[rank], micro_batches, &all[rank]);
    if (!layers_are_known(all, run->ranks, layers)) {
        evidence_fail(verdict,
                      "the ranks' stages are not the layers 0 to %d of the model, in order",
                      layers - 1);
        right = false;
    }
    for (int rank = 0; rank < run->ranks && right; rank++)
        right = are_in_order(&all[rank], micro_batches, run->options.steps, rank, verdict);
    if (right)
        return all;
    computations_free(all, run->ranks);
    return NULL;
}

void computations_free(struct computations *all, int ranks)
{
    for (int rank = 0; all && rank < ranks; rank++) {
        g_array_unref(all[rank].of);
        g_array_unref(all[rank].live);
    }
    g_free(all);
}

char *computation_name(const struct computation *one)
{
    return g_strdup_printf("%s of micro-batch %d in step %d", one->back ? "B" : "F",
                           one->micro_batch, one->step);
}
