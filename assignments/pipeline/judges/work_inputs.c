/* Had come what each computation takes? See work.h. */
#include "assignments/pipeline/judges/work.h"

#include "assignments/pipeline/judges/passage.h"
#include "assignments/pipeline/placement.h"
#include "common/log/log.h"
#include "grader/trace/match.h"
#include "grader/trace/source_line.h"

/* Where what a stage computes with comes from. */
struct source {
    int stage;         /* the neighbour; out of range at the ends of the pipeline */
    int rank;          /* its rank, or the stage's own at the ends */
    uint64_t bytes;    /* of one micro-batch */
    uint64_t unfilled; /* the fingerprint of a tensor of that size that nobody wrote to */
};

struct reading {
    const struct outcome *run;
    const struct matching *matching;
    const struct source *activation, *gradient; /* [stage] */
    int rank;
    int *arrived;     /* [record of the rank]: the message whose receive it completed */
    uint64_t *had;    /* [rank]: bytes that came from there in this step … */
    uint64_t *needed; /* … and those that the computations so far take */
    int step;
};

/* One computation that takes what a neighbouring stage computed. */
struct taking {
    const struct log_record *record;
    size_t place; /* of the record */
    bool backward;
    const struct source *source;
};

/* ---- what a tensor holds -------------------------------------------------------------------- */

/* Computing with an unfilled tensor, NaN in every element, gives NaN everywhere: such fingerprints
 * do not tell where a tensor is from. */
static bool says_nothing(uint64_t fingerprint, const struct source *source)
{
    return fingerprint == 0 || fingerprint == source->unfilled ||
           fingerprint == passage_fingerprint_of_all(0x7fc00000, source->bytes) ||
           fingerprint == passage_fingerprint_of_all(0xffc00000, source->bytes);
}

/* ---- what a computation takes --------------------------------------------------------------- */

static struct source source_of(const struct outcome *run, int stage, int other, struct shape shape)
{
    int stages = stages_count(run), ranks = run->ranks;
    int samples = run->options.batch_size / options_micro_batches(&run->options);
    struct source source = {.stage = other,
                            .rank =
                                placement_rank(other < 0 || other >= stages ? stage : other, ranks),
                            .bytes = passage_bytes(shape, samples)};
    source.unfilled = passage_fingerprint_of_all(PASSAGE_UNFILLED, source.bytes);
    return source;
}

/* False: the record begins nothing that takes a tensor. */
static bool takes_something(const struct reading *r, size_t place, struct taking *taking)
{
    const struct log_record *record = &r->run->log[r->rank].record[place];
    const bool forward = record->operation == LOG_FORWARD;
    const bool backward =
        record->operation == LOG_BACKWARD || record->operation == LOG_BACKWARD_INPUT;
    const int s = record->stage;
    if (record->phase != LOG_BEGIN || (!forward && !backward) || r->step < 0 || s < 0 ||
        s >= stages_count(r->run) || placement_rank(s, r->run->ranks) != r->rank)
        return false;
    *taking =
        (struct taking){record, place, backward, backward ? &r->gradient[s] : &r->activation[s]};
    return true;
}

/* Did the neighbour compute this very tensor for the same micro-batch, in the same step? */
static bool is_the_neighbours(const struct reading *r, const struct taking *taking)
{
    const struct log_file *log = &r->run->log[taking->source->rank];
    size_t first, last;
    if (says_nothing(log_tensor(taking->record), taking->source))
        return false;
    log_find_step(log, r->step, &first, &last);
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &log->record[i];
        bool same = record->operation == LOG_FORWARD
                        ? !taking->backward
                        : taking->backward && (record->operation == LOG_BACKWARD ||
                                               record->operation == LOG_BACKWARD_INPUT);
        if (same && record->phase == LOG_END && record->stage == taking->source->stage &&
            record->micro_batch == taking->record->micro_batch &&
            log_tensor(record) == log_tensor(taking->record))
            return true;
    }
    return false;
}

/* ---- failures ------------------------------------------------------------------------------- */

static void explain(const struct taking *taking, struct verdict *verdict)
{
    verdict_look(
        verdict,
        "where the tensor comes from that %s is given, and the receive and the wait in front "
        "of it",
        taking->backward ? "stage_backward" : "stage_forward");
    verdict_explain(verdict,
                    "\nWhat was computed from there on is of no use, in whatever order and "
                    "time it was, so this check can't be passed with it.\n");
}

/* A receive from there that was started before, and completed later or not at all. */
static int unfinished_receive(const struct reading *r, const struct taking *taking)
{
    for (int i = 0; i < r->matching->count; i++) {
        const struct message *message = &r->matching->message[i];
        const struct message_half *receive = &message->receive;
        if (message->destination == r->rank && message->source == taking->source->rank &&
            receive->step == r->step && receive->posted != NO_RECORD &&
            receive->posted < taking->place &&
            (receive->completed == NO_RECORD || receive->completed > taking->place))
            return i;
    }
    return NO_MESSAGE;
}

/* The line of a call of the rank; "" if it is not known. */
static const char *line_of(const struct reading *r, size_t record)
{
    const struct log_file *log = &r->run->log[r->rank];
    return r->run->program && record < log->count
               ? source_line(r->run->program, log->record[record].caller)
               : "";
}

/* The message from there with anything in it that came last in this step before the computation, or
 * NO_MESSAGE. */
static int last_arrival(const struct reading *r, const struct taking *taking)
{
    for (size_t k = taking->place; k-- > 0;) {
        const struct log_record *record = &r->run->log[r->rank].record[k];
        if (record->operation == LOG_STEP_BEGIN)
            break;
        if (r->arrived[k] != NO_MESSAGE &&
            r->matching->message[r->arrived[k]].source == taking->source->rank &&
            r->matching->message[r->arrived[k]].receive.bytes > 0)
            return r->arrived[k];
    }
    return NO_MESSAGE;
}

static void fail_for_bytes(const struct reading *r, const struct taking *taking,
                           struct verdict *verdict)
{
    const char *operation = taking->backward ? "backward" : "forward";
    const char *what = taking->backward ? "gradient" : "activation";
    int waiting = unfinished_receive(r, taking), i = taking->record->micro_batch;
    const uint64_t had = r->had[taking->source->rank], needed = r->needed[taking->source->rank];
    const int last = last_arrival(r, taking);
    if (waiting == NO_MESSAGE && last != NO_MESSAGE &&
        r->matching->message[last].receive.bytes < taking->source->bytes) {
        const struct message *message = &r->matching->message[last];
        const char *line = line_of(r, message->receive.posted);
        evidence_fail(
            verdict,
            "rank %d (stage %d) computed the %s of micro-batch %d in step %d on something "
            "that came only in part: its %s has %" G_GUINT64_FORMAT
            " bytes, the last message from rank %d had %" G_GUINT64_FORMAT "%s%s",
            r->rank, taking->record->stage, operation, i, r->step, what,
            (guint64)taking->source->bytes, taking->source->rank, (guint64)message->receive.bytes,
            line[0] ? ", received at " : "", line);
    } else if (waiting == NO_MESSAGE) {
        evidence_fail(
            verdict,
            "rank %d (stage %d) computed the %s of micro-batch %d in step %d on something "
            "that no message had brought: its %s never came from rank %d",
            r->rank, taking->record->stage, operation, i, r->step, what, taking->source->rank);
        verdict_explain(verdict,
                        "\nUntil then rank %d had received %" G_GUINT64_FORMAT
                        " bytes from rank %d in this step; its computations so far take "
                        "%" G_GUINT64_FORMAT ".\n",
                        r->rank, (guint64)had, taking->source->rank, (guint64)needed);
    } else {
        const struct message *message = &r->matching->message[waiting];
        const char *line = line_of(r, message->receive.posted);
        evidence_fail(verdict,
                      "rank %d (stage %d) began the %s of micro-batch %d in step %d before its %s "
                      "had come from rank %d: nobody had waited for the receive%s%s",
                      r->rank, taking->record->stage, operation, i, r->step, what,
                      taking->source->rank, line[0] ? " that was started at " : "", line);
    }
    explain(taking, verdict);
}

/* Did a message of this step bring this tensor? Computing with an unfilled one gives tensors that look
 * just like it, and a sender may have freed what was under way. */
static bool was_brought(const struct reading *r, const struct taking *taking)
{
    for (int i = 0; i < r->matching->count; i++) {
        const struct message *message = &r->matching->message[i];
        if (message->destination == r->rank && message->receive.step == r->step &&
            message->receive.completed < taking->place &&
            message->receive.fingerprint == log_tensor(taking->record))
            return true;
    }
    return false;
}

static void fail_for_nothing(const struct reading *r, const struct taking *taking,
                             struct verdict *verdict)
{
    evidence_fail(
        verdict,
        "rank %d (stage %d) computed the %s of micro-batch %d in step %d on a tensor that "
        "nobody had filled, although rank %d had sent something",
        r->rank, taking->record->stage, taking->backward ? "backward" : "forward",
        taking->record->micro_batch, r->step, taking->source->rank);
    explain(taking, verdict);
}

/* ---- one rank after the other --------------------------------------------------------------- */

static bool has_come(struct reading *r, size_t place, struct verdict *verdict)
{
    struct taking taking;
    if (!takes_something(r, place, &taking))
        return true;
    const struct source *source = taking.source;
    if (source->rank == r->rank)
        return true;
    r->needed[source->rank] += source->bytes;
    bool nothing = log_tensor(taking.record) == source->unfilled && !was_brought(r, &taking);
    if (r->had[source->rank] < r->needed[source->rank] && !is_the_neighbours(r, &taking))
        fail_for_bytes(r, &taking, verdict);
    else if (nothing)
        fail_for_nothing(r, &taking, verdict);
    else
        return true;
    return false;
}

static bool follow_rank(struct reading *r, struct verdict *verdict)
{
    const struct log_file *log = &r->run->log[r->rank];
    for (size_t k = 0; k < log->count; k++) {
        log_follow_step(&log->record[k], &r->step);
        if (log->record[k].operation == LOG_STEP_BEGIN) {
            memset(r->had, 0, (size_t)r->run->ranks * sizeof(*r->had));
            memset(r->needed, 0, (size_t)r->run->ranks * sizeof(*r->needed));
        }
        if (r->arrived[k] != NO_MESSAGE) {
            const struct message *message = &r->matching->message[r->arrived[k]];
            r->had[message->source] += message->receive.bytes;
        }
        if (!has_come(r, k, verdict))
            return false;
    }
    return true;
}

/* [record of the rank]: the message that had come when this was recorded, or NO_MESSAGE. */
static int *arrivals(const struct matching *matching, const struct log_file *log, int rank)
{
    int *arrived = g_new(int, log->count);
    for (size_t k = 0; k < log->count; k++)
        arrived[k] = NO_MESSAGE;
    for (int i = 0; i < matching->count; i++) {
        const struct message *message = &matching->message[i];
        if (message->destination == rank && message->source >= 0 &&
            message->source < matching->ranks && message->receive.completed < log->count)
            arrived[message->receive.completed] = i;
    }
    return arrived;
}

bool work_inputs_came(const struct outcome *run, const struct model *model,
                      const struct evidence_stage *stage, struct verdict *verdict)
{
    int stages = stages_count(run);
    g_autofree struct source *activation = g_new(struct source, stages);
    g_autofree struct source *gradient = g_new(struct source, stages);
    for (int s = 0; s < stages; s++) {
        const struct layer *first = &model->layer[stage[s].first_layer];
        activation[s] = source_of(run, s, s - 1, first->input);
        gradient[s] = source_of(run, s, s + 1, first[stage[s].layers - 1].output);
    }
    g_autofree uint64_t *had = g_new0(uint64_t, run->ranks), *needed = g_new0(uint64_t, run->ranks);
    struct matching *matching = matching_new(run->log, run->ranks);
    bool came = true;
    for (int rank = 0; rank < run->ranks && came; rank++) {
        struct reading r = {.run = run,
                            .matching = matching,
                            .activation = activation,
                            .gradient = gradient,
                            .rank = rank,
                            .had = had,
                            .needed = needed,
                            .step = -1};
        r.arrived = arrivals(matching, &run->log[rank], rank);
        came = follow_rank(&r, verdict);
        g_free(r.arrived);
    }
    matching_free(matching);
    return came;
}
