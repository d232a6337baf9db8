/*
 * What a rank that offloads holds, on the device and on the host; see offload_parts.h. By formula, between steps: on the
 * device all parameters and its own gradients, and nothing of the optimizer; on the host its own state, masters, gradients, and
 * with 16 bits parameters.
 */
#include "assignments/memory/judges/offload/offload_parts.h"

#include "common/log/log_fields.h"

#include <math.h>

static const struct mistake left_on_device = {
    "state or masters are on the device",
    "What only the optimizer needs takes memory of the device: with offload nothing of it is to be "
    "there.",
    "offload_begin: optimizer_new_on_host, and the masters' kind, MEMORY_HOST"};
static const struct mistake host_too_small = {
    "something that belongs on the host is not there",
    "The host holds less than state, masters and gradients (and parameters, with 16 bits) of the "
    "rank's own numbers take.",
    "offload_begin: of which kind each tensor is: MEMORY_HOST"};
static const struct mistake host_hoards = {
    "more is on the host than a rank's own numbers need",
    "The host, too, needs each rank's own numbers alone.",
    "offload_begin: how long each tensor is (zero->own_count), and what else is made there"};
static const struct mistake device_hoards = {
    "tensors are kept on the device beside the shards",
    "Between the steps a rank's device keeps more than its parameters, its own gradients and what "
    "the kit itself keeps.",
    "which tensors live on at the end of offload_begin, and of a step"};
static const struct mistake grows = {
    "memory grows from step to step",
    "At the begin of a step more is there than at the begin of the "
    "step before.",
    "what is made in each step, and freed nowhere"};

static const struct mistake parameters_on_device = {
    "own parameters are on the device",
    "Between the steps the device still has parameters: with --offload parameters they lie on the "
    "host, and nothing else has them.",
    "offload_parameters_begin: the kind of zero->own_parameters, MEMORY_HOST; and who frees what "
    "was fetched and gathered"};
static const struct mistake fetches_ahead = {
    "more than two layers' shards are on the device",
    "While a layer is at work the shard of the next one may be under way: more need not be there, "
    "and with many layers it would be the whole of a rank's own parameters.",
    "which shards are fetched when, and who frees them: behind the gather they are not needed"};

struct reading {
    const struct offload_run *offload;
    int rank, step;
    double live[MEMORY_KINDS];
    double workspace_at_first; /* of the kit, when it had made all it needs */
    double owned;              /* numbers of this rank's shards */
    double gradient_bytes;
    double outputs; /* bytes that the kit takes in the first step */
    bool computes;
};

static void fail(const struct reading *r, enum memory_kind kind, double due, const char *which,
                 const struct mistake *mistake, struct verdict *verdict)
{
    evidence_fail(verdict,
                  "rank %d holds %.0f bytes of %s %s step %d, and %s%.0f are due (own numbers: "
                  "%.0f of %.0f)",
                  r->rank, r->live[kind], memory_kind_name(kind),
                  r->computes ? "while a layer computes in" : "at the begin of", r->step, which,
                  due, r->owned, r->offload->sizes.all);
    verdict->basis = BASIS_AMOUNT;
    if (mistake)
        verdict_name_mistake(verdict, mistake);
}

/* On the host, of one number. */
static double host_bytes(const struct reading *r)
{
    const struct zero_sizes *sizes = &r->offload->sizes;
    const bool rounds = sizes->parameter_bytes < 4;
    const double states = 4.0 * (sizes->states - (rounds ? 1 : 0)), masters = 4;
    return states + masters + r->gradient_bytes + (rounds ? sizes->parameter_bytes : 0);
}

/* The device's gradients say how many numbers the rank owns: of float32, or as the parameters. */
static bool find_owned(struct reading *r, struct verdict *verdict)
{
    const struct zero_sizes *sizes = &r->offload->sizes;
    const double choices[] = {sizes->parameter_bytes, 4}, found = r->live[MEMORY_GRADIENT];
    for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
        r->gradient_bytes = choices[i];
        r->owned = found / choices[i];
        if (r->owned <= sizes->shard && r->owned == floor(r->owned) &&
            r->live[MEMORY_HOST] == r->owned * host_bytes(r))
            return true;
    }
    r->gradient_bytes = sizes->parameter_bytes;
    r->owned = fmin(found / r->gradient_bytes, sizes->shard);
    if (found > r->owned * 4)
        fail(r, MEMORY_GRADIENT, sizes->shard * r->gradient_bytes, "at most ", &device_hoards,
             verdict);
    else
        fail(r, MEMORY_HOST, r->owned * host_bytes(r), "",
             r->live[MEMORY_HOST] < r->owned * host_bytes(r) ? &host_too_small : &host_hoards,
             verdict);
    return false;
}

static bool begin_step(struct reading *r, struct verdict *verdict)
{
    const struct zero_sizes *sizes = &r->offload->sizes;
    const double parameters = r->offload->parameters ? 0 : sizes->all * sizes->parameter_bytes;
    if (r->live[MEMORY_OPTIMIZER] > 0) {
        fail(r, MEMORY_OPTIMIZER, 0, "", &left_on_device, verdict);
        return false;
    }
    if (r->step == 0 && !find_owned(r, verdict))
        return false;
    const double due[MEMORY_KINDS] = {[MEMORY_PARAMETER] = parameters,
                                      [MEMORY_GRADIENT] = r->owned * r->gradient_bytes,
                                      [MEMORY_HOST] = r->owned * host_bytes(r),
                                      [MEMORY_WORKSPACE] =
                                          r->workspace_at_first + (r->step > 0 ? r->outputs : 0)};
    for (int kind = 0; kind < MEMORY_KINDS; kind++) {
        const bool loose = kind == MEMORY_WORKSPACE;
        if (r->live[kind] == due[kind] || (loose && r->live[kind] < due[kind]))
            continue;
        fail(r, (enum memory_kind)kind, due[kind], loose ? "at most " : "",
             r->live[kind] < due[kind]                            ? NULL
             : kind == MEMORY_PARAMETER && r->offload->parameters ? &parameters_on_device
             : r->step > 0                                        ? &grows
             : kind == MEMORY_HOST                                ? &host_hoards
                                                                  : &device_hoards,
             verdict);
        return false;
    }
    return true;
}

/* --offload parameters: the layer at work, its shard and the next one's. */
static double most_parameters(const struct reading *r)
{
    const struct zero_sizes *sizes = &r->offload->sizes;
    const double second = sizes->layers[1] - sizes->layers[0];
    return sizes->parameter_bytes *
           (sizes->layers[0] + ceil(sizes->layers[0] / sizes->ranks) + ceil(second / sizes->ranks));
}

/* Within a step a buffer as long as the rank's own numbers may be on the host besides. */
static bool within_step(const struct reading *r, struct verdict *verdict)
{
    const struct zero_sizes *sizes = &r->offload->sizes;
    const double gradients = (r->owned + sizes->all) * r->gradient_bytes;
    const double host = r->owned * (host_bytes(r) + 4);
    if (r->live[MEMORY_OPTIMIZER] > 0)
        fail(r, MEMORY_OPTIMIZER, 0, "", &left_on_device, verdict);
    else if (r->live[MEMORY_HOST] > host)
        fail(r, MEMORY_HOST, host, "at most ", &host_hoards, verdict);
    else if (r->live[MEMORY_GRADIENT] > gradients)
        fail(r, MEMORY_GRADIENT, gradients, "at most ", &device_hoards, verdict);
    else if (r->offload->parameters && r->live[MEMORY_PARAMETER] > most_parameters(r))
        fail(r, MEMORY_PARAMETER, most_parameters(r), "at most ", &fetches_ahead, verdict);
    else
        return true;
    return false;
}

static void follow(struct reading *r, const struct log_record *record)
{
    if (record->operation == LOG_ALLOCATE || record->operation == LOG_RELEASE) {
        const struct log_allocation change = log_allocation(record);
        if (change.kind >= 0 && change.kind < MEMORY_KINDS)
            r->live[change.kind] = change.live;
    }
    if (record->operation == LOG_OPEN_LABELS)
        r->workspace_at_first = r->live[MEMORY_WORKSPACE];
    if (log_is_computation(record))
        r->computes = record->phase == LOG_BEGIN;
}

static bool judge_rank(struct reading *r, struct verdict *verdict)
{
    const struct log_file *log = &r->offload->run->log[r->rank];
    bool right = true;
    r->step = -1;
    for (size_t i = 0; right && i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        log_follow_step(record, &r->step);
        follow(r, record);
        if (record->operation == LOG_STEP_BEGIN)
            right = begin_step(r, verdict);
        else if (r->step >= 0)
            right = within_step(r, verdict);
    }
    return right;
}

/* Bytes of the outputs of a whole batch, for which the kit makes room in the first step. */
static double outputs_of(const struct offload_run *offload)
{
    const struct model *model = offload->sizes.model;
    const struct layer *last = &model->layer[model->layers - 1];
    const struct shape all = shape_with_batch(offload->run->options.batch_size, last->output);
    return (double)shape_elements(all) * sizeof(float);
}

bool memory_offload_memory_is_right(struct offload_run *offload, struct verdict *verdict)
{
    double owned = 0;
    struct reading r = {0};
    for (int rank = 0; rank < offload->run->ranks; rank++) {
        r = (struct reading){.offload = offload, .rank = rank, .outputs = outputs_of(offload)};
        if (!judge_rank(&r, verdict))
            return false;
        owned += r.owned;
        offload->gradient_bytes = r.gradient_bytes;
    }
    if (owned == offload->sizes.all) {
        verdict_explain(verdict,
                        "\nOn the host, of each of a rank's own numbers, %.0f bytes; of state and "
                        "masters nothing is on the device.\n",
                        host_bytes(&r));
        return true;
    }
    evidence_fail(verdict, "all ranks' own numbers together are %.0f, and the model has %.0f",
                  owned, offload->sizes.all);
    return false;
}
