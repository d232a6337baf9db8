/* Who computes how much of a layer; see layers.h. */
#include "assignments/tensor/judges/facts/shares.h"
#include "assignments/tensor/judges/layers/layers.h"

/* From here on all of a layer was computed. */
#define ALL 0.9

/* The part of all numbers of the split parameters that a rank holds; 1: nothing is split. */
static double share_of(const struct judged_trial *judged, int rank)
{
    const struct trial *trial = judged->trial;
    double held = 0, all = 0;
    for (int k = 0; k < trial->whole.parameters; k++) {
        g_autofree char *name =
            g_strdup_printf("layers.%d.%s", trial->number, trial->whole.parameter[k].name);
        const struct whole *whole = wholes_find(judged->wholes, name);
        if (trial->cut[k].together == 0)
            continue;
        all += (double)shape_elements(trial->whole.parameter[k].shape);
        for (guint i = 0; i < whole->parts->len; i++) {
            const struct whole_part *part = whole_part_at(whole, i);
            held += part->from->rank == rank ? (double)part->is.count : 0;
        }
    }
    return all > 0 ? held / all : 1;
}

/* What a rank charged in the calls of the trial's stage in this round. */
static void charged(const struct judged_trial *judged, int rank, double *forward, double *backward)
{
    EVIDENCE_ARRAY events = evidence_events(&judged->run->log[rank]);
    *forward = *backward = 0;
    for (guint i = 0; i < events->len; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        if (event->stage != judged->trial->number || event->step != judged->round)
            continue;
        if (event->operation == LOG_FORWARD)
            *forward += (double)event->flops;
        else if (event->operation == LOG_BACKWARD || event->operation == LOG_BACKWARD_INPUT ||
                 event->operation == LOG_BACKWARD_WEIGHT)
            *backward += (double)event->flops;
    }
}

/* FLOPs of one sample in one process, and how many numbers of a sample the ranks add up. */
struct work_of_whole {
    bool backward;
    double least, most, summed;
};

/* What a place's form sums over the ranks, of one sample: y in the forward, dx in the backward. */
static double summed_forward(const struct trial *trial)
{
    const bool sums = trial->form == FORM_ROW || trial->form == FORM_INSIDE;
    return sums ? (double)shape_elements(trial->whole.output) : 0;
}

static double summed_backward(const struct trial *trial)
{
    const bool sums = trial->form == FORM_COLUMN || trial->form == FORM_COLUMN_GATHERED ||
                      trial->form == FORM_INSIDE;
    return sums ? (double)shape_elements(trial->whole.input) : 0;
}

/* Does some rank compute less than all of it? */
static bool is_split(const struct judged_trial *judged, struct work_of_whole whole)
{
    const double all = whole.most * TRIAL_MICRO_BATCHES * judged->trial->samples;
    for (int rank = 0; rank < judged->run->ranks; rank++) {
        double forward, backward;
        charged(judged, rank, &forward, &backward);
        if ((whole.backward ? backward : forward) < ALL * all)
            return true;
    }
    return judged->run->ranks == 1;
}

/* Besides its products a layer may go through x, y and their gradients a few times: biases, copies. Who has the
 * terms of all ranks sent to it, and adds them up itself, does that once for each of the others. A norm does
 * nothing else, in more passes or in fewer, and it may gather what is split first: half of the share is enough,
 * and twice the whole is not too much. */
static bool is_its_share(const struct judged_trial *judged, int rank, struct work_of_whole whole,
                         double found, double share)
{
    const struct trial *trial = judged->trial;
    const double samples = TRIAL_MICRO_BATCHES * trial->samples;
    const double passes =
        2.0 * samples *
        (double)(shape_elements(trial->whole.input) + shape_elements(trial->whole.output));
    const bool norm = trial->form == FORM_SPLIT;
    const char *which = whole.backward ? "backwards" : "forwards";
    const double terms = samples * (judged->run->ranks - 1) * whole.summed;
    const double least = samples * whole.least * share, most = samples * whole.most * share;
    const double at_least = norm ? least / 2 : least - passes;
    const double at_most = norm ? 2 * samples * whole.most : most + passes + terms;
    if (found > at_most) {
        trial_fail(judged,
                   "rank %d charges %.0f floating-point operations in its %s; its share, %.3g of "
                   "what one process does, are %.0f",
                   rank, found, which, share, most);
        verdict_name_mistake(judged->verdict, is_split(judged, whole) ? &tensor_work_beyond_share
                                                                      : &tensor_work_not_split);
    } else if (found < at_least) {
        trial_fail(judged,
                   "rank %d charges %.0f floating-point operations in its %s; its share of what "
                   "one process does are %.0f",
                   rank, found, which, least);
        verdict_name_mistake(judged->verdict, &tensor_work_below_share);
    }
    return judged->verdict->kind == VERDICT_PASS;
}

bool trial_work_is_right(const struct judged_trial *judged)
{
    const struct layer *whole = &judged->trial->whole;
    const struct work_of_whole forwards = {false, whole->forward_flops, whole->forward_flops,
                                           summed_forward(judged->trial)};
    /* Where nobody wants dx, it may be computed and dropped. */
    const double least = judged->trial->number > 0 ? whole->backward_input_flops
                                                   : whole->backward_input_flops_without_dx;
    const struct work_of_whole backwards = {
        true, least + whole->backward_weight_flops,
        whole->backward_input_flops + whole->backward_weight_flops, summed_backward(judged->trial)};
    for (int rank = 0; rank < judged->run->ranks; rank++) {
        double forward, backward;
        const double share = share_of(judged, rank);
        charged(judged, rank, &forward, &backward);
        if (!is_its_share(judged, rank, forwards, forward, share) ||
            !is_its_share(judged, rank, backwards, backward, share))
            return false;
    }
    return true;
}
