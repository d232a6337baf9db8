/* Bytes held and sent; see mixed_memory.h. */
#include "assignments/memory/judges/mixed/mixed_memory.h"
#include "assignments/memory/options.h"
#include "grader/evidence/traffic.h"
#include "grader/trace/live_memory.h"

#include <math.h>

/* Bytes of losses, norms and flags of a rank in a step; what is rounded up of shards is in the 2% besides. */
#define SMALL_CHANGE 1024

static const struct mistake masters_elsewhere = {
    .name = "masters are not of the optimizer's kind",
    .explanation = "The optimizer has room for its state alone: the masters' bytes are counted as "
                   "something else.",
    .look = "make_masters: tensor_new(MEMORY_OPTIMIZER, …)",
};
static const struct mistake second_gradients = {
    .name = "gradients are held twice",
    .explanation = "There is room for them in 16 bits and, besides, in float32.",
    .look = "what is made as MEMORY_GRADIENT",
};
static const struct mistake kept_wide = {
    .name = "float32 copies are kept in the workspace",
    .explanation = "What lies in the workspace from one step to the next is memory as any other, "
                   "and saves nothing.",
    .look = "what is made with tensor_new(MEMORY_WORKSPACE, …) and not freed within the step",
};
static const struct mistake wide_activations = {
    .name = "activations are held in float32",
    .explanation = "Between forward and backward there is more than the layers keep in 16 bits: "
                   "half of what float32 takes is what these numbers are for.",
    .look = "what is made with tensor_new(MEMORY_ACTIVATION, …) between forward and backward",
};
static const struct mistake more_messages = {
    .name = "more bytes are sent than numbers of 16 bits take",
    .explanation = "Whatever type the messages say: gradients and parameters of 16 bits take 2 "
                   "bytes each.",
    .look = "how many bytes each message has",
};
static const struct mistake wide_messages = {
    .name = "what is sent has 32 bits",
    .explanation = "Twice as many bytes go from rank to rank as numbers of 16 bits need: half of "
                   "what they are for.",
    .look = "message_type: of zero->gradients for gradients, of zero->precision for parameters",
};

/* ---- held ------------------------------------------------------------------------------------------------ */

static double peak_of(const struct log_file *log, enum memory_kind kind)
{
    struct log_memory memory;
    return log_find_memory(log, (int)kind, &memory) ? (double)memory.peak : NAN;
}

/* The first room of a kind; 0: none, or it was not logged. */
static double first_room(const struct log_file *log, enum memory_kind kind)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        const struct log_allocation change = log_allocation(record);
        if (record->operation == LOG_ALLOCATE && change.kind == (int)kind && change.bytes > 0)
            return (double)change.bytes;
    }
    return 0;
}

enum dtype mixed_dtype_of_gradients(const struct outcome *run, const struct mixed_truth *truth)
{
    const struct log_file *log = &run->log[0];
    const double logged = first_room(log, MEMORY_GRADIENT);
    const double room = logged > 0 ? logged : peak_of(log, MEMORY_GRADIENT);
    /* With ZeRO 2 it is for own numbers alone, and so is the first room for the optimizer, in float32. */
    const bool own = memory_options(&run->options).zero >= 2;
    const double wide = own ? first_room(log, MEMORY_OPTIMIZER) : 4.0 * (double)truth->count;
    return wide > 0 && room >= wide ? DTYPE_FLOAT32 : truth->precision;
}

struct bytes {
    double least, most; /* at the peak */
    const char *formula;
    const struct mistake *above, *below;
};

static bool is_within(const struct outcome *run, int rank, enum memory_kind kind,
                      const struct bytes *due, struct verdict *verdict)
{
    const double found = peak_of(&run->log[rank], kind);
    if (found >= due->least && found <= due->most)
        return true;
    evidence_fail(verdict, "rank %d holds %.0f bytes of %s, and %s are %.0f", rank, found,
                  memory_kind_name(kind), due->formula, due->least);
    const struct mistake *mistake = found > due->most ? due->above : due->below;
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    return false;
}

static bool rank_is_right(const struct outcome *run, const struct mixed_truth *truth,
                          const struct mixed_snapshot *snapshot, int rank, struct verdict *verdict)
{
    const double all = (double)truth->count, own = (double)snapshot->own[rank];
    const bool wide = mixed_dtype_of_gradients(run, truth) == DTYPE_FLOAT32;
    const double each = wide ? 4 : 2,
                 shard = memory_options(&run->options).zero > 0 ? each * own : 0;
    const struct bytes parameters = {2 * all, 2 * all, "2 for each parameter", NULL, NULL};
    /* Its own sums may lie beside. */
    const struct bytes gradients = {each * all, each * all + shard,
                                    wide ? "4 for each parameter" : "2 for each parameter",
                                    &second_gradients, NULL};
    const struct bytes optimizer = {
        4.0 * (1 + snapshot->states) * own, 4.0 * (1 + snapshot->states) * own,
        snapshot->states == 2 ? "4 for the master and 8 for the state of each own parameter"
                              : "4 for the master and 4 for the state of each own parameter",
        NULL, &masters_elsewhere};
    const struct bytes host = {0, 0, "without --offload there", NULL, NULL};
    return is_within(run, rank, MEMORY_HOST, &host, verdict) &&
           is_within(run, rank, MEMORY_PARAMETER, &parameters, verdict) &&
           is_within(run, rank, MEMORY_GRADIENT, &gradients, verdict) &&
           is_within(run, rank, MEMORY_OPTIMIZER, &optimizer, verdict);
}

/* ---- kept in the workspace ----------------------------------------------------------------------------------- */

/* What the judge's own data and batch need is what they need on any rank. */
static bool workspace_is_right(const struct outcome *run, const struct mixed_truth *truth,
                               struct verdict *verdict)
{
    const double most = truth->workspace + 256;
    struct live_memory *curves = live_memory_new(run->log, run->ranks, run->options.steps - 1);
    bool right = true;
    for (int rank = 0; curves && rank < run->ranks && right; rank++) {
        if (curves[rank].moments->len == 0)
            continue;
        const double kept = live_moment(&curves[rank], 0)->live[MEMORY_WORKSPACE];
        right = kept <= most;
        if (right)
            continue;
        evidence_fail(
            verdict,
            "rank %d keeps %.0f bytes of workspace from step to step: data and batch need "
            "%.0f at the most",
            rank, kept, most);
        verdict_name_mistake(verdict, &kept_wide);
    }
    live_memory_free(curves, run->ranks);
    return right;
}

/* ---- activations -------------------------------------------------------------------------------------------- */

/* When a backward begins there is, for each micro-batch that has gone forwards and not back, what the kit's own stage
 * keeps of one in this precision: half of what float32 takes, but for what has the same bytes in any. */
static bool activations_are_narrow(const struct outcome *run, const struct mixed_truth *truth,
                                   int rank, struct verdict *verdict)
{
    const struct log_file *log = &run->log[rank];
    double live = 0, before = 0;
    int step = -1, open = 0;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        const struct log_allocation change = log_allocation(record);
        log_follow_step(record, &step);
        if ((record->operation == LOG_ALLOCATE || record->operation == LOG_RELEASE) &&
            change.kind == MEMORY_ACTIVATION)
            live = (double)change.live;
        if (step < 0 || (record->operation != LOG_FORWARD && record->operation != LOG_BACKWARD))
            continue;
        const bool begins = record->phase == LOG_BEGIN, back = record->operation == LOG_BACKWARD;
        if (begins && !back && open++ == 0)
            before = live;
        if (begins && back && open > 0 && live - before > open * truth->kept) {
            evidence_fail(verdict,
                          "rank %d, step %d: %.0f bytes of activations are there when a backward "
                          "begins, and of %d micro-batches the layers keep %.0f",
                          rank, step, live - before, open, open * truth->kept);
            verdict_name_mistake(verdict, &wide_activations);
            return false;
        }
        open -= begins && back;
    }
    return true;
}

/* ---- sent -------------------------------------------------------------------------------------------------------- */

/* Numbers of float32 that a rank hands in to collectives in its first step. Single ones tell of losses and norms. */
static double wide_numbers(const struct log_file *log)
{
    double wide = 0;
    size_t first, last;
    log_find_step(log, 0, &first, &last);
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &log->record[i];
        const bool begins = record->phase == LOG_BEGIN && log_is_collective(record->operation);
        if (begins && log_elements(record).type == LOG_TYPE_FLOAT32)
            wide += (double)record->bytes / 4;
    }
    return wide;
}

/* Where gradients are float32, so are their sums, and it is for the judge of ZeRO to count bytes. */
static bool messages_are_narrow(const struct outcome *run, const struct mixed_truth *truth,
                                struct verdict *verdict)
{
    const double most = 64 + (double)truth->count / 16;
    if (mixed_dtype_of_gradients(run, truth) == DTYPE_FLOAT32)
        return true;
    for (int rank = 0; rank < run->ranks; rank++) {
        const double wide = wide_numbers(&run->log[rank]);
        if (wide <= most)
            continue;
        evidence_fail(
            verdict,
            "rank %d hands in %.0f numbers of float32 to collectives in a step: gradients and "
            "parameters have 16 bits",
            rank, wide);
        verdict_name_mistake(verdict, &wide_messages);
        return false;
    }
    return true;
}

/* Bytes between ranks, of the step with most, whatever their type. An all-reduce of gradients counts, with ZeRO 1, as the
 * reduce-scatter that would do. */
static bool bytes_are_few(const struct outcome *run, const struct mixed_truth *truth,
                          struct verdict *verdict)
{
    const bool shards = memory_options(&run->options).zero > 0;
    const double each = mixed_dtype_of_gradients(run, truth) == DTYPE_FLOAT32 ? 4 : 2;
    const double due = (shards ? each + 2 : 2 * each) * (run->ranks - 1) * (double)truth->count;
    const double most = 1.02 * due + SMALL_CHANGE * run->ranks;
    g_autofree double *sent = g_new0(double, run->options.steps + 1);
    struct traffic *traffic = traffic_new(run->log, run->ranks);
    bool right = true;
    for (guint i = 0; i < traffic->entries->len && right; i++) {
        const struct traffic_entry *entry =
            &g_array_index(traffic->entries, struct traffic_entry, i);
        if (entry->step < 0 || entry->step >= run->options.steps)
            continue;
        sent[entry->step] +=
            shards && entry->operation == LOG_ALLREDUCE ? entry->volume / 2 : entry->volume;
        right = sent[entry->step] <= most;
        if (!right)
            evidence_fail(verdict,
                          "step %d: more than %.0f bytes go from rank to rank, and gradients and "
                          "parameters take %.0f",
                          entry->step, most, due);
    }
    traffic_free(traffic);
    if (!right)
        verdict_name_mistake(verdict, &more_messages);
    return right;
}

bool mixed_memory_is_right(const struct outcome *run, const struct mixed_truth *truth,
                           const struct mixed_snapshot *snapshot, struct verdict *verdict)
{
    bool right = true;
    for (int rank = 0; rank < run->ranks && right; rank++)
        right = rank_is_right(run, truth, snapshot, rank, verdict) &&
                activations_are_narrow(run, truth, rank, verdict);
    return right && workspace_is_right(run, truth, verdict) &&
           messages_are_narrow(run, truth, verdict) && bytes_are_few(run, truth, verdict);
}
