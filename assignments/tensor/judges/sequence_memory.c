/*
 * What is kept for the backward; see sequence_memory.h.
 *
 * Counted at the end of a forward, when whatever it needed for itself is gone again, as what is live then and was
 * not when it began: so room that is made once and used again and again counts nowhere. Of a token that is another
 * rank's a norm keeps nothing, and a layer that gathers again nothing either; all else is what the same layers keep
 * in one-round, whatever that is. (Korthikanti et al. 2022, section 4.2.2: by t all of it, where layers gather
 * again.)
 */
#include "assignments/tensor/judges/sequence_memory.h"

#include "common/base/memory.h"
#include "common/log/log_fields.h"
#include "grader/evidence/evidence.h"

#include <math.h>

struct kept {
    bool known; /* the log left nothing out */
    double bytes;
};

/* Bytes of activations behind a record. */
static struct kept live_at(const struct log_file *log, size_t record)
{
    struct kept live = {.known = false};
    for (size_t i = 0; i <= record && i < log->count; i++) {
        const enum log_operation operation = log->record[i].operation;
        if (operation != LOG_ALLOCATE && operation != LOG_RELEASE)
            continue;
        const struct log_allocation change = log_allocation(&log->record[i]);
        if (change.cut)
            return (struct kept){.known = false};
        if (change.kind == MEMORY_ACTIVATION)
            live = (struct kept){true, change.live};
    }
    return live;
}

/* By a rank in the last step's forward of a micro-batch. */
static struct kept kept_by(const struct outcome *run, int rank, int micro_batch)
{
    struct kept kept = {.known = false};
    EVIDENCE_ARRAY events = evidence_events(&run->log[rank]);
    for (guint i = 0; i < events->len; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        if (event->operation != LOG_FORWARD || event->step != run->options.steps - 1 ||
            event->micro_batch != micro_batch)
            continue;
        const struct kept before = live_at(&run->log[rank], event->begin),
                          behind = live_at(&run->log[rank], event->end);
        kept = (struct kept){before.known && behind.known, behind.bytes - before.bytes};
    }
    return kept;
}

/* By all of them: how the tokens are spread does not matter then. */
static struct kept kept_by_all(const struct outcome *run, int micro_batch)
{
    struct kept all = {.known = true};
    for (int rank = 0; rank < run->ranks; rank++) {
        const struct kept own = kept_by(run, rank, micro_batch);
        all.known = all.known && own.known;
        all.bytes += own.bytes;
    }
    return all;
}

/* What is gathered may be kept with all ranks' parts as long as the longest. */
static double padding_of(const struct passages *passages, const struct outcome *run, int gathered)
{
    const int longest = (passages->tokens + run->ranks - 1) / run->ranks;
    const double longer = (double)(longest * run->ranks) / passages->tokens - 1;
    return run->ranks * gathered * longer * passages->activation_bytes;
}

static void fail(const struct outcome *run, int micro_batch, double found, double allowed,
                 double one_round, int gathered_again, struct verdict *verdict)
{
    evidence_fail(verdict,
                  "step %d: behind the forward of micro-batch %d the %d ranks together keep %.0f "
                  "bytes of activations for the backward, and need %.0f: with --parallel "
                  "one-round they keep %.0f",
                  run->options.steps - 1, micro_batch, run->ranks, found, allowed, one_round);
    if (gathered_again > 0)
        verdict_explain(verdict,
                        "\nBy the bytes that move, %d layer%s once more in the backward what "
                        "%s had gathered in the forward: %s own tokens are enough to keep.\n",
                        gathered_again, gathered_again == 1 ? " gathers" : "s gather",
                        gathered_again == 1 ? "it" : "they", gathered_again == 1 ? "its" : "their");
    verdict_look(verdict, "what is kept for the backward: a layer that is entered by tokens needs "
                          "what it gathered, or its own part, and not both");
}

bool tensor_sequence_keeps_little(const struct outcome *run, const struct outcome *whole,
                                  const struct passages *passages, int gathered_again,
                                  struct verdict *verdict)
{
    const int micro_batches = options_micro_batches(&run->options);
    const double samples = run->options.batch_size / (double)micro_batches;
    const int gathered = passages->blocks + passages->heads - gathered_again;
    const double of_others = passages->norms_keep + gathered_again * passages->activation_bytes;
    for (int i = 0; i < micro_batches; i++) {
        const struct kept found = kept_by_all(run, i), one_round = kept_by_all(whole, i);
        const double allowed = one_round.bytes - (run->ranks - 1) * samples * of_others;
        if (!found.known || !one_round.known ||
            found.bytes <= allowed + samples * padding_of(passages, run, gathered) + 0.5)
            continue;
        fail(run, i, found.bytes, allowed, one_round.bytes, gathered_again, verdict);
        return false;
    }
    return true;
}
