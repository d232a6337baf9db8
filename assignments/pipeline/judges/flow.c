/* The flow of micro-batches from stage to stage; see flow.h. */
#include "assignments/pipeline/judges/flow.h"
#include "assignments/pipeline/placement.h"

/* Fingerprints of what one stage's computations took and gave, by micro-batch; 0: not known. */
struct passage {
    uint64_t *in, *out;
};

struct reading {
    const struct outcome *run;
    const struct matching *matching;
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
        passage->in[i] = log_tensor(&log->record[event->begin]);
        passage->out[i] = log_tensor(&log->record[event->end]);
    }
}

/* The micro-batch whose fingerprint this is, or -1. */
static int whose(const uint64_t *fingerprint, int count, uint64_t wanted)
{
    for (int i = 0; i < count; i++)
        if (fingerprint[i] == wanted)
            return i;
    return -1;
}

/* The message of this step from one rank to another that arrived with this fingerprint. */
static int arrived_with(const struct reading *r, int source, int destination, uint64_t fingerprint)
{
    for (int i = 0; i < r->matching->count; i++) {
        const struct message *message = &r->matching->message[i];
        if (message->source == source && message->destination == destination &&
            message->receive.posted != NO_RECORD && message->receive.completed != NO_RECORD &&
            message->receive.step == r->step && message->receive.fingerprint == fingerprint)
            return i;
    }
    return NO_MESSAGE;
}

/* What came to a stage from its neighbour for one micro-batch. */
static struct flow look_at(const struct reading *r, bool backward, int s, int i)
{
    int peer = backward ? s + 1 : s - 1, ranks = r->run->ranks;
    const struct passage *own = backward ? &r->backward[s] : &r->forward[s];
    const struct passage *other = backward ? &r->backward[peer] : &r->forward[peer];
    struct flow flow = {FLOW_RIGHT, backward, s, i, -1, NO_MESSAGE, false};
    if (!own->in[i] || !other->out[i] || own->in[i] == other->out[i])
        return flow;
    flow.carried = whose(other->out, r->micro_batches, own->in[i]);
    flow.message =
        arrived_with(r, placement_rank(peer, ranks), placement_rank(s, ranks), own->in[i]);
    if (flow.carried >= 0) {
        flow.kind = FLOW_OTHER;
    } else if (flow.message != NO_MESSAGE) {
        flow.kind = FLOW_CHANGED;
    } else {
        flow.message =
            arrived_with(r, placement_rank(peer, ranks), placement_rank(s, ranks), other->out[i]);
        flow.kind = flow.message != NO_MESSAGE ? FLOW_THROWN_AWAY : FLOW_STRANGE;
    }
    return flow;
}

static struct flow first_difference(const struct reading *r)
{
    struct flow first = {.kind = FLOW_RIGHT, .message = NO_MESSAGE};
    bool later_only = true;
    for (int backward = 0; backward <= 1; backward++)
        for (int k = 1; k < r->stages; k++)
            for (int i = 0; i < r->micro_batches; i++) {
                struct flow flow = look_at(r, backward, backward ? r->stages - 1 - k : k, i);
                if (flow.kind == FLOW_RIGHT)
                    continue;
                later_only = later_only && flow.kind == FLOW_OTHER && flow.carried > i;
                if (first.kind == FLOW_RIGHT)
                    first = flow;
                if (!later_only)
                    return first;
            }
    first.later_only = first.kind == FLOW_OTHER;
    return first;
}

static struct passage *passages_new(int stages, int micro_batches)
{
    struct passage *passage = g_new0(struct passage, stages);
    for (int s = 0; s < stages; s++) {
        passage[s].in = g_new0(uint64_t, micro_batches);
        passage[s].out = g_new0(uint64_t, micro_batches);
    }
    return passage;
}

static void passages_free(struct passage *passage, int stages)
{
    for (int s = 0; s < stages; s++) {
        g_free(passage[s].in);
        g_free(passage[s].out);
    }
    g_free(passage);
}

struct flow flow_find(const struct outcome *run, const struct matching *matching, int step,
                      int micro_batches)
{
    int stages = stages_count(run);
    struct reading r = {.run = run,
                        .matching = matching,
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
    else
        verdict_explain(verdict,
                        "on rank %d (stage %d) the %s of micro-batch %d was given something that "
                        "stage %d had not computed and no message of this step had brought.\n",
                        rank, flow->stage, operation, flow->micro_batch, peer);
}
