/*
 * Judge "broadcast".
 *
 * Run:       one whose ranks begin with parameters of their own (--seeds-differ), stored before the first step.
 * Must hold: then every rank has those that rank 0 begins with, to the last bit. How they get there is free; calls must
 *            fit together, and be waited for.
 * A failure: the first parameter and rank that differ; and what the ranks have instead.
 */
#include "assignments/data/judges/judges.h"
#include "common/log/log_fields.h"
#include "grader/evidence/collectives_in_flight.h"
#include "grader/evidence/communication.h"
#include "grader/evidence/wholes.h"
#include "grader/trace/call_place.h"
#include "grader/trace/collectives.h"
#include "grader/truth/reference.h"

#include <math.h>
#include <string.h>

enum known { NOT_BROADCAST, OTHER_ROOT, PART_ONLY, AVERAGED, KNOWN };

static const struct mistake mistakes[KNOWN] = {
    [NOT_BROADCAST] = {"parameters are not broadcast",
                       "Each rank begins with parameters of its own. Gradients agree, and so the "
                       "replicas stay apart for ever.",
                       "broadcast_parameters: is anything sent, and does it get to where the stage "
                       "has its parameters?"},
    [OTHER_ROOT] =
        {"parameters are broadcast from another rank",
         "All ranks have the same parameters, but not those of rank 0 of the communicator.",
         "the root: it is a rank of the communicator that you are given"},
    [PART_ONLY] =
        {"only a part of the parameters is broadcast",
         "Some parameters are those of rank 0 on every rank, and others are each rank's own.",
         "how much is sent: the count is one of numbers, not of bytes or layers"},
    [AVERAGED] = {"parameters are averaged, not broadcast",
                  "Every rank has the mean of what the ranks began with.",
                  "which operation makes them equal: they are rank 0's"},
};

/* Parameter i of the model's flat parameters, as a rank begins with it (replica.c of the program does that). */
static float own_of(float initial, int rank, size_t place)
{
    return initial + 1e-3f * (float)rank * (float)(1 + place % 7);
}

static bool is_near(float found, float expected)
{
    return fabsf(found - expected) <= 1e-6f + 1e-6f * fabsf(expected);
}

/* What a rank's numbers are like, all parameters together. */
struct tally {
    size_t count, right, own, mean;
    size_t *like; /* [ranks]: those of that rank's own */
};

static void add_part(const struct outcome *run, const struct tensor *part,
                     const struct tensor *expected, int rank, size_t place, struct tally *tally)
{
    for (int i = 0; i < expected->count; i++) {
        const float initial = tensor_floats(expected)[i], found = tensor_floats(part)[i];
        const size_t at = place + (size_t)i;
        tally->count++;
        tally->right += memcmp(&found, &initial, sizeof found) == 0;
        tally->own += is_near(found, own_of(initial, rank, at));
        for (int other = 0; other < run->ranks; other++)
            tally->like[other] += is_near(found, own_of(initial, other, at));
        const float mean = 1e-3f * (float)(run->ranks - 1) / 2 * (float)(1 + at % 7);
        tally->mean += is_near(found, initial + mean);
    }
}

static enum known known_of(const struct outcome *run, const struct tally *tally)
{
    bool not_broadcast = true, part = true, mean = true;
    for (int rank = 0; rank < run->ranks; rank++) {
        const struct tally *own = &tally[rank];
        not_broadcast = not_broadcast && own->own == own->count;
        part = part && (rank == 0 || (own->right > 0 && own->right < own->count &&
                                      own->right + own->own >= own->count));
        mean = mean && own->mean == own->count;
    }
    if (not_broadcast)
        return NOT_BROADCAST;
    bool from_another = false;
    for (int root = 1; root < run->ranks; root++) {
        bool all = true;
        for (int rank = 0; rank < run->ranks; rank++)
            all = all && tally[rank].like[root] == tally[rank].count;
        from_another = from_another || all;
    }
    /* The mean of three is what the one in the middle has. */
    if (from_another)
        return mean ? KNOWN : OTHER_ROOT;
    return mean ? AVERAGED : part ? PART_ONLY : KNOWN;
}

static const struct tensor *part_of(const struct whole *whole, int rank)
{
    for (guint i = 0; whole && i < whole->parts->len; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        if (part->from->rank == rank)
            return part->tensor;
    }
    return NULL;
}

/* One parameter on all ranks. False after setting the verdict: a rank has not stored it. */
static bool compare(const struct outcome *run, const struct reference *reference,
                    const struct wholes *before, int layer, int parameter, struct tally *tally,
                    struct verdict *verdict)
{
    const struct parameter *is = &reference->model->layer[layer].parameter[parameter];
    g_autofree char *name = g_strdup_printf("layers.%d.%s", layer, is->name);
    struct tensor *expected = reference_parameter(reference, layer, parameter);
    const size_t place = reference_offset(reference, layer) + is->offset;
    bool there = true;
    for (int rank = 0; there && rank < run->ranks; rank++) {
        const struct tensor *part = part_of(wholes_find(before, name), rank);
        const size_t right = tally[rank].right;
        there = part && shape_equal(part->shape, expected->shape);
        if (!there) {
            evidence_fail(verdict, "rank %d stored no %s before step 0", rank, name);
            break;
        }
        add_part(run, part, expected, rank, place, &tally[rank]);
        const size_t wrong = (size_t)expected->count - (tally[rank].right - right);
        if (wrong > 0 && verdict->kind == VERDICT_PASS)
            evidence_fail(verdict,
                          "before step 0, rank %d: %zu of %d numbers of %s are not those that rank "
                          "0 begins with",
                          rank, wrong, expected->count, name);
    }
    tensor_free(expected);
    return there;
}

static void judge_parameters(const struct outcome *run, const struct reference *reference,
                             const struct wholes *before, struct verdict *verdict)
{
    g_autofree struct tally *tally = g_new0(struct tally, run->ranks);
    const struct model *model = reference->model;
    bool there = true;
    for (int rank = 0; rank < run->ranks; rank++)
        tally[rank].like = g_new0(size_t, run->ranks);
    for (int layer = model->layers; there && layer-- > 0;)
        for (int p = 0; there && p < model->layer[layer].parameters; p++)
            there = compare(run, reference, before, layer, p, tally, verdict);
    const enum known known = there ? known_of(run, tally) : KNOWN;
    if (verdict->kind == VERDICT_FAIL && known < KNOWN)
        verdict_name_mistake(verdict, &mistakes[known]);
    for (int rank = 0; rank < run->ranks; rank++)
        g_free(tally[rank].like);
}

/* ---- was it waited for ---------------------------------------------------------------------------------- */

static bool is_of_messages(unsigned operation)
{
    return (operation >= LOG_ISEND && operation <= LOG_IRSEND) || operation == LOG_IRECV ||
           operation == LOG_IMRECV || operation == LOG_SEND_PART || operation == LOG_RECV_PART;
}

/* Does it start what a request stands for? */
static bool starts(const struct log_record *record)
{
    return record->phase != LOG_END && log_request(record) != 0 &&
           (is_of_messages(record->operation) || collectives_only_start(record->operation));
}

/* Does it say that a request is over? To free one says that of a message alone, as everywhere. */
static bool is_over(const struct log_file *log, const struct log_record *record, gpointer begin)
{
    if (record->operation == LOG_COMPLETED)
        return !(record->flag & LOG_FLAG_FREED);
    return record->operation == LOG_REQUEST_FREE && begin &&
           is_of_messages(log->record[GPOINTER_TO_SIZE(begin) - 1].operation);
}

/* The first call in front of the first step whose request is not over there; NO_RECORD: there is none. */
static size_t find_pending(const struct log_file *log)
{
    g_autoptr(GHashTable) begun = g_hash_table_new(NULL, NULL); /* request → its begin + 1 */
    for (size_t i = 0; i < log->count && log->record[i].operation != LOG_STEP_BEGIN; i++) {
        const struct log_record *record = &log->record[i];
        const gpointer request = GSIZE_TO_POINTER(log_request(record));
        if (starts(record))
            g_hash_table_insert(begun, request, GSIZE_TO_POINTER(i + 1));
        else if (is_over(log, record, g_hash_table_lookup(begun, request)))
            g_hash_table_remove(begun, request);
    }
    return evidence_first_begun(begun);
}

/* Whether it was waited for in front of the first step is asked of no other run. */
static bool all_waited_for(const struct outcome *run, struct verdict *verdict)
{
    for (int rank = 0; rank < run->ranks; rank++) {
        const struct log_file *log = &run->log[rank];
        const size_t begin = find_pending(log);
        if (begin == NO_RECORD)
            continue;
        g_autoptr(GString) call = g_string_new(NULL);
        call_place_name(run->program, &log->record[begin], call);
        evidence_fail(verdict,
                      "rank %d began its %s in front of the first step and did not wait for it",
                      rank, call->str);
        verdict_look(verdict, "what becomes of the request that this call starts");
        return false;
    }
    return true;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    /* What nobody waited for may be there, or not. */
    if (!evidence_logs(run, verdict) || !all_waited_for(run, verdict) ||
        !evidence_communication_is_sound(run, verdict))
        return;
    struct reference *reference = reference_of_run(run, verdict);
    struct wholes *before = reference ? wholes_read(run, "before", 0, verdict) : NULL;
    if (before)
        judge_parameters(run, reference, before, verdict);
    wholes_free(before);
    reference_free(reference);
}

void data_judge_broadcast(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "before the first step all ranks have the parameters of rank 0");
}
