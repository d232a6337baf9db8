/* What a rank may hold at each moment; see zero_reading.h and the table in zero_memory.c. */
#include "assignments/memory/judges/zero/zero_reading.h"

#include "assignments/memory/options.h"

#include "common/log/log_fields.h"

#include <math.h>

/* ---- mistakes ---------------------------------------------------------------------------------------- */

static const struct mistake full_state = {
    "the optimizer's state is not shared out",
    "Each rank keeps the state of all parameters. That is what ZeRO is to save: of AdamW it is "
    "twice what the "
    "parameters take.",
    "for how many numbers the optimizer is made: zero->own_count"};
static const struct mistake never_freed = {
    "gathered parameters are never freed",
    "What was gathered is still there at the end of the step.",
    "who frees what stage_take_parameters gives back, forwards and backwards"};
static const struct mistake kept_whole = {
    "gathered parameters are kept until the backward",
    "At the end of the forward all layers' parameters are there: a rank needs as much memory as "
    "without ZeRO 3.",
    "zero3_after_forward: it lets go of them, and zero3_before_backward gathers them again"};
static const struct mistake gradients_kept = {
    "whole gradients are kept until the end of the backward",
    "Layers whose gradients were complete still have them whole while others compute: a rank needs "
    "as much memory for "
    "gradients as without ZeRO 2.",
    "zero2_gradient_ready: the layer's gradients are freed there, when each rank has its shard of "
    "the sums"};
static const struct mistake leaks = {
    "memory grows from step to step",
    "At the begin of a step more is there than at the begin of the step before.",
    "what is made in each step, and freed nowhere"};
static const struct mistake hoards = {
    "tensors are kept beside the shards",
    "A rank keeps more than its shards, the layers at work and what the kit itself keeps.",
    "which tensors live on at the end of zero*_begin, behind a layer, and of a step"};

static void fail(const struct zero_reading *r, const char *when, enum memory_kind kind, double due,
                 const char *which, const struct mistake *mistake, struct verdict *verdict)
{
    evidence_fail(verdict,
                  "rank %d holds %.0f bytes of %s %s, and%s%s %.0f are what --zero %d needs "
                  "(Ψ = %.0f, its shard %.0f)",
                  r->rank, r->live[kind], memory_kind_name(kind), when, which[0] ? " " : "", which,
                  due, r->sizes->zero_stage, r->sizes->all,
                  r->owned > 0 ? r->owned : r->sizes->shard);
    verdict->basis = BASIS_AMOUNT;
    if (mistake)
        verdict_name_mistake(verdict, mistake);
}

/* ---- between steps ------------------------------------------------------------------------------------ */

/* What this rank owns shows in the state that it keeps. */
static bool state_is_right(struct zero_reading *r, struct verdict *verdict)
{
    const double each = 4.0 * r->sizes->states, found = r->live[MEMORY_OPTIMIZER] / each;
    char when[64];
    g_snprintf(when, sizeof when, "at the begin of step %d", r->step);
    if (r->step > 0 && found == r->owned)
        return true;
    if (r->step == 0 && found <= r->sizes->shard && found == floor(found)) {
        r->owned = found;
        return true;
    }
    fail(r, when, MEMORY_OPTIMIZER, (r->step > 0 ? r->owned : r->sizes->shard) * each,
         r->step > 0 ? "" : "at most",
         r->step > 0              ? &leaks
         : found >= r->sizes->all ? &full_state
                                  : &hoards,
         verdict);
    return false;
}

static bool parameters_are_right(struct zero_reading *r, struct verdict *verdict)
{
    const double numbers = r->sizes->zero_stage == 3 ? r->owned : r->sizes->all;
    const double due = numbers * r->sizes->parameter_bytes;
    const double largest = r->sizes->layers[0] * r->sizes->parameter_bytes;
    char when[64];
    g_snprintf(when, sizeof when, "at the begin of step %d", r->step);
    if (r->live[MEMORY_PARAMETER] == due)
        return true;
    fail(r, when, MEMORY_PARAMETER, due, "",
         r->sizes->zero_stage == 3 && r->step > 0 && r->live[MEMORY_PARAMETER] > due + largest
             ? &never_freed
         : r->live[MEMORY_PARAMETER] > due ? (r->step > 0 ? &leaks : &hoards)
                                           : NULL,
         verdict);
    return false;
}

/* Of float32, or 16 bits as the parameters: what is there says which. */
static bool gradients_are_right(struct zero_reading *r, struct verdict *verdict)
{
    const double numbers = r->sizes->zero_stage >= 2 ? r->owned : r->sizes->all;
    const double apart = r->sizes->zero_stage == 1 ? r->owned : 0;
    const double choices[] = {r->sizes->parameter_bytes, 4};
    char when[64];
    g_snprintf(when, sizeof when, "at the begin of step %d", r->step);
    for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
        const double found = r->live[MEMORY_GRADIENT] / choices[i];
        if (r->step > 0 && choices[i] != r->gradient_bytes)
            continue;
        if (found == numbers || (found == numbers + apart && apart > 0)) {
            r->gradient_bytes = choices[i];
            return true;
        }
    }
    const bool all = r->step > 0 && r->sizes->zero_stage >= 2 &&
                     r->live[MEMORY_GRADIENT] >= r->sizes->all * r->sizes->parameter_bytes;
    fail(r, when, MEMORY_GRADIENT, numbers * (r->step > 0 ? r->gradient_bytes : choices[0]), "",
         all           ? &gradients_kept
         : r->step > 0 ? &leaks
                       : &hoards,
         verdict);
    return false;
}

/* Workspace is the kit's own. Of what a rank keeps beside its shards nothing may be there, whatever it is called. */
static bool rest_is_right(struct zero_reading *r, struct verdict *verdict)
{
    const double due = r->workspace_at_first + (r->step > 0 ? r->outputs : 0);
    char when[64];
    g_snprintf(when, sizeof when, "at the begin of step %d", r->step);
    if (r->live[MEMORY_ACTIVATION] > 0)
        fail(r, when, MEMORY_ACTIVATION, 0, "", &leaks, verdict);
    else if (r->live[MEMORY_HOST] > 0 && !memory_options(&r->run->options).offloads)
        fail(r, when, MEMORY_HOST, 0, "without --offload", &hoards, verdict);
    else if (r->live[MEMORY_WORKSPACE] > due)
        fail(r, when, MEMORY_WORKSPACE, due, "at most",
             r->step > 1 && r->live[MEMORY_WORKSPACE] > r->before[MEMORY_WORKSPACE] ? &leaks
                                                                                    : &hoards,
             verdict);
    else
        return true;
    return false;
}

/* ---- while layers compute --------------------------------------------------------------------------------- */

/* Bytes of parameters at the end of the step. */
static double left_behind(const struct zero_reading *r)
{
    const struct log_file *log = &r->run->log[r->rank];
    double live = r->before[MEMORY_PARAMETER];
    size_t first, last;
    log_find_step(log, r->step, &first, &last);
    for (size_t i = first; i < last; i++) {
        const struct log_allocation change = log_allocation(&log->record[i]);
        if ((log->record[i].operation == LOG_ALLOCATE || log->record[i].operation == LOG_RELEASE) &&
            change.kind == MEMORY_PARAMETER)
            live = change.live;
    }
    return live;
}

/* Do gradients of all micro-batches add up whole before they are sent? That takes room for all of them. */
static bool accumulates(const struct zero_reading *r)
{
    return r->sizes->zero_stage >= 2 && r->sizes->micro_batches > 1 &&
           r->reduced < 1.5 * r->gradient_bytes;
}

bool memory_zero_layers_are_right(const struct zero_reading *r, struct verdict *verdict)
{
    const struct zero_sizes *sizes = r->sizes;
    const bool gathers = sizes->zero_stage == 3, scatters = sizes->zero_stage >= 2;
    const double parameters =
        (gathers ? r->owned + sizes->layers[1] : sizes->all) * sizes->parameter_bytes;
    const double apart = sizes->zero_stage == 1 ? r->owned : 0;
    const double whole = accumulates(r) ? sizes->all : sizes->layers[1];
    const double gradients = (scatters ? r->owned + whole : sizes->all + apart) * r->gradient_bytes;
    /* Besides what the kit takes, messages that are under way. */
    const double workspace = r->workspace_at_first + r->outputs + r->scratch +
                             4 * (scatters ? sizes->layers[1] : sizes->all);
    const double largest = sizes->layers[0] * sizes->parameter_bytes;
    const bool stays = left_behind(r) > r->before[MEMORY_PARAMETER] + largest;
    char when[96];
    g_snprintf(when, sizeof when, "while a layer computes %s in step %d",
               r->backwards ? "backwards" : "forwards", r->step);
    if (r->live[MEMORY_PARAMETER] > parameters)
        fail(r, when, MEMORY_PARAMETER, parameters, "at most",
             gathers ? (stays ? &never_freed : &kept_whole) : &hoards, verdict);
    else if (r->live[MEMORY_GRADIENT] > gradients)
        fail(r, when, MEMORY_GRADIENT, gradients, "at most", scatters ? &gradients_kept : &hoards,
             verdict);
    else if (r->live[MEMORY_WORKSPACE] > workspace)
        fail(r, when, MEMORY_WORKSPACE, workspace, "at most", &hoards, verdict);
    else
        return true;
    return false;
}

/* Between computations there is room for messages' buffers besides: as much as all parameters twice, or as five layers. (Where
 * samples are loaded, too, workspace is the data set's.) */
bool memory_zero_buffers_are_right(const struct zero_reading *r, struct verdict *verdict)
{
    const struct zero_sizes *sizes = r->sizes;
    const double owned = r->owned * (r->gradient_bytes + 4.0 * sizes->states);
    const double kept = sizes->zero_stage == 3 ? owned + r->owned * sizes->parameter_bytes
                        : sizes->zero_stage == 2
                            ? owned + sizes->all * sizes->parameter_bytes
                            : owned + sizes->all * (sizes->parameter_bytes + r->gradient_bytes);
    const double buffers =
        sizes->zero_stage == 3 && !accumulates(r) ? 5 * sizes->layers[0] : 2 * sizes->all;
    const double found =
        r->live[MEMORY_PARAMETER] + r->live[MEMORY_GRADIENT] + r->live[MEMORY_OPTIMIZER] +
        (r->at_layer ? fmax(0, r->live[MEMORY_WORKSPACE] - r->workspace_at_first) : 0);
    if (found <= kept + buffers * 4 + r->outputs)
        return true;
    evidence_fail(verdict,
                  "rank %d holds %.0f bytes of parameters, gradients, state and buffers between "
                  "computations of step %d: its "
                  "own are %.0f, and messages need no more than %.0f besides",
                  r->rank, found, r->step, kept, buffers * 4);
    verdict->basis = BASIS_AMOUNT;
    return false;
}

/* ---- the begin of a step ---- */

bool memory_zero_begin_is_right(struct zero_reading *r, struct verdict *verdict)
{
    const bool right = state_is_right(r, verdict) && parameters_are_right(r, verdict) &&
                       gradients_are_right(r, verdict) && rest_is_right(r, verdict);
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        r->before[kind] = r->live[kind];
    return right;
}
