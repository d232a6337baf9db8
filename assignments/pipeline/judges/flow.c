/* The flow of micro-batches from stage to stage; see flow.h. */
#include "assignments/pipeline/judges/flow.h"
#include "assignments/pipeline/judges/passage.h"
#include "assignments/pipeline/placement.h"
#include "common/log/log.h"

#include <string.h>

/* Fingerprints of what one stage's computations took and gave, by micro-batch; 0: not known. And the
 * records at which they began. */
struct passage {
    uint64_t *in, *out;
    size_t *begin;
};

struct reading {
    const struct outcome *run;
    const struct matching *matching;
    struct flow_sizes sizes;
    int stages, micro_batches, step;
    struct passage *forward, *backward; /* per stage */
};

static void read_stage(const struct reading *r, const GArray *events, int s)
{
    const struct log_file *log = &r->run->log[placement_rank(s, r->run->ranks)];
    for (guint k = 0; k < events->len; k++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, k);
        int i = event->micro_batch;
        bool forward = event->operation == LOG_FORWARD;
        bool backward = event->operation == LOG_BACKWARD || event->operation == LOG_BACKWARD_INPUT;
        if (event->step != r->step || event->stage != s || i < 0 || i >= r->micro_batches ||
            (!forward && !backward) || event->end >= log->count)
            continue;
        struct passage *passage = forward ? &r->forward[s] : &r->backward[s];
        passage->begin[i] = event->begin;
        passage->in[i] = log_tensor(&log->record[event->begin]);
        passage->out[i] = log_tensor(&log->record[event->end]);
    }
}

/* ---- what a fingerprint tells -------------------------------------------------------------------- */

/* Bytes of what one micro-batch passes from a stage to the next, or back; 0: not known. */
static uint64_t bytes_to(const struct reading *r, int next)
{
    if (!r->sizes.model || !r->sizes.stage)
        return 0;
    return passage_bytes(r->sizes.model->layer[r->sizes.stage[next].first_layer].input,
                         r->run->options.batch_size / r->micro_batches);
}

static bool is_all(uint64_t fingerprint, uint64_t bytes, uint32_t element)
{
    return bytes > 0 && fingerprint == passage_fingerprint_of_all(element, bytes);
}

/* The only micro-batch whose fingerprint this is; NOBODYS, or SEVERAL. */
enum { NOBODYS = -1, SEVERAL = -2 };
static int whose(const uint64_t *fingerprint, int count, uint64_t wanted)
{
    int found = NOBODYS;
    for (int i = 0; i < count; i++) {
        if (fingerprint[i] != wanted)
            continue;
        if (found >= 0)
            return SEVERAL;
        found = i;
    }
    return found;
}

/* ---- from stage to stage -------------------------------------------------------------------------- */

/* The message of this step from one rank to another that had arrived before a record of the
 * receiver's, with this fingerprint. */
static int arrived_with(const struct reading *r, int source, int destination, size_t before,
                        uint64_t fingerprint)
{
    for (int i = 0; i < r->matching->count; i++) {
        const struct message *message = &r->matching->message[i];
        if (message->source == source && message->destination == destination &&
            message->receive.posted != NO_RECORD && message->receive.completed < before &&
            message->receive.step == r->step && message->receive.fingerprint == fingerprint)
            return i;
    }
    return NO_MESSAGE;
}

/* What came to a stage from its neighbour for one micro-batch. */
static struct flow look_at(const struct reading *r, bool backward, int s, int i)
{
    int peer = backward ? s + 1 : s - 1;
    int from = placement_rank(peer, r->run->ranks), to = placement_rank(s, r->run->ranks);
    const struct passage *own = backward ? &r->backward[s] : &r->forward[s];
    const struct passage *other = backward ? &r->backward[peer] : &r->forward[peer];
    uint64_t used = own->in[i], due = other->out[i];
    struct flow flow = {FLOW_RIGHT, backward, s, i, -1, NO_MESSAGE, false, 0, due, used};
    if (!used || !due)
        return flow;
    flow.followed = 1;
    if (used == due)
        return flow;
    uint64_t bytes = bytes_to(r, backward ? peer : s);
    bool unfilled = is_all(used, bytes, PASSAGE_UNFILLED);
    int owner = whose(other->out, r->micro_batches, used);
    int own_message = arrived_with(r, from, to, own->begin[i], due);
    flow.message = arrived_with(r, from, to, own->begin[i], used);
    bool came = flow.message != NO_MESSAGE || from == to;
    if (came && owner != NOBODYS && (owner == SEVERAL || unfilled || is_all(used, bytes, 0)))
        return (struct flow){.message = NO_MESSAGE}; /* nobody can say whose it is */
    if (came && owner >= 0) {
        flow.kind = FLOW_OTHER;
        flow.carried = owner;
        flow.later_only = flow.carried > i && own_message != NO_MESSAGE;
    } else if (flow.message != NO_MESSAGE) {
        flow.kind = FLOW_CHANGED;
    } else if (own_message != NO_MESSAGE) {
        flow.message = own_message;
        flow.kind = FLOW_THROWN_AWAY;
    } else {
        flow.kind = unfilled ? FLOW_UNFILLED : FLOW_STRANGE;
    }
    return flow;
}

static struct flow first_difference(const struct reading *r)
{
    struct flow first = {.kind = FLOW_RIGHT, .message = NO_MESSAGE};
    bool later_only = true;
    int followed = 0;
    for (int backward = 0; backward <= 1; backward++)
        for (int k = 1; k < r->stages; k++)
            for (int i = 0; i < r->micro_batches; i++) {
                struct flow flow = look_at(r, backward, backward ? r->stages - 1 - k : k, i);
                followed += flow.followed;
                if (flow.kind == FLOW_RIGHT)
                    continue;
                later_only = later_only && flow.later_only;
                if (first.kind == FLOW_RIGHT)
                    first = flow;
            }
    first.later_only = first.kind == FLOW_OTHER && later_only;
    first.followed = followed;
    return first;
}

static struct passage *passages_new(int stages, int micro_batches)
{
    struct passage *passage = g_new0(struct passage, stages);
    for (int s = 0; s < stages; s++) {
        passage[s].in = g_new0(uint64_t, micro_batches);
        passage[s].out = g_new0(uint64_t, micro_batches);
        passage[s].begin = g_new0(size_t, micro_batches);
    }
    return passage;
}

static void passages_free(struct passage *passage, int stages)
{
    for (int s = 0; s < stages; s++) {
        g_free(passage[s].in);
        g_free(passage[s].out);
        g_free(passage[s].begin);
    }
    g_free(passage);
}

struct flow flow_find(const struct outcome *run, const struct matching *matching,
                      struct flow_sizes sizes, int step, int micro_batches)
{
    int stages = stages_count(run);
    struct reading r = {.run = run,
                        .matching = matching,
                        .sizes = sizes,
                        .stages = stages,
                        .micro_batches = micro_batches,
                        .step = step,
                        .forward = passages_new(stages, micro_batches),
                        .backward = passages_new(stages, micro_batches)};
    for (int s = 0; s < stages; s++) {
        EVIDENCE_ARRAY events = evidence_events(&run->log[placement_rank(s, run->ranks)]);
        read_stage(&r, events, s);
    }
    struct flow flow = first_difference(&r);
    passages_free(r.forward, stages);
    passages_free(r.backward, stages);
    return flow;
}

uint64_t flow_first_input(const struct outcome *run, int step, int micro_batch)
{
    const struct log_file *log = &run->log[placement_rank(0, run->ranks)];
    EVIDENCE_ARRAY events = evidence_events(log);
    for (guint k = 0; k < events->len; k++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, k);
        if (event->step == step && event->stage == 0 && event->operation == LOG_FORWARD &&
            event->micro_batch == micro_batch)
            return log_tensor(&log->record[event->begin]);
    }
    return 0;
}

void flow_explain(const struct flow *flow, const struct outcome *run,
                  const struct matching *matching, struct verdict *verdict)
{
    if (flow->kind == FLOW_RIGHT)
        return;
    const char *operation = flow->backward ? "backward" : "forward";
    const char *tensor = flow->backward ? "gradient" : "activation";
    int rank = placement_rank(flow->stage, run->ranks);
    int peer = flow->backward ? flow->stage + 1 : flow->stage - 1;
    g_autofree char *message = flow->message == NO_MESSAGE
                                   ? g_strdup("")
                                   : g_strdup_printf("the message with tag %d from rank %d",
                                                     matching->message[flow->message].tag,
                                                     placement_rank(peer, run->ranks));
    verdict_explain(verdict, "\nFollowed by fingerprints, the first difference is this: ");
    if (flow->kind == FLOW_OTHER)
        verdict_explain(verdict,
                        "on rank %d (stage %d) the %s of micro-batch %d was given the %s of "
                        "micro-batch %d%s%s.\n",
                        rank, flow->stage, operation, flow->micro_batch, tensor, flow->carried,
                        message[0] ? ", which came in " : "", message);
    else if (flow->kind == FLOW_CHANGED)
        verdict_explain(verdict,
                        "on rank %d (stage %d) the %s of micro-batch %d was given %s, which "
                        "holds nothing that a %s of stage %d had returned: it was changed before "
                        "it was sent.\n",
                        rank, flow->stage, operation, flow->micro_batch, message, operation, peer);
    else if (flow->kind == FLOW_THROWN_AWAY)
        verdict_explain(verdict,
                        "rank %d (stage %d) received the %s of micro-batch %d (%s) and threw it "
                        "away: the %s of this micro-batch was given something else.\n",
                        rank, flow->stage, tensor, flow->micro_batch, message, operation);
    else if (flow->kind == FLOW_UNFILLED)
        verdict_explain(
            verdict,
            "on rank %d (stage %d) the %s of micro-batch %d was given a tensor that "
            "nothing had been written to; the %s of stage %d had not been received by then.\n",
            rank, flow->stage, operation, flow->micro_batch, tensor, peer);
    else
        verdict_explain(verdict,
                        "on rank %d (stage %d) the %s of micro-batch %d was given something that "
                        "is not the %s that stage %d had computed, and that no message of this "
                        "step had brought by then.\n",
                        rank, flow->stage, operation, flow->micro_batch, tensor, peer);
}

void flow_explain_rounding(const struct flow *flow, const struct outcome *run, const char *rounding,
                           struct verdict *verdict)
{
    int peer = flow->backward ? flow->stage + 1 : flow->stage - 1;
    int rank = placement_rank(flow->kind == FLOW_CHANGED ? peer : flow->stage, run->ranks);
    verdict_explain(
        verdict,
        "\nWhat the %s of micro-batch %d on stage %d was given is %s of stage %d, %s: that "
        "happened on rank %d, %s.\n",
        flow->backward ? "backward" : "forward", flow->micro_batch, flow->stage,
        flow->backward ? "dx" : "y", peer, rounding, rank,
        flow->kind == FLOW_CHANGED ? "before it was sent" : "behind the receive");
}
