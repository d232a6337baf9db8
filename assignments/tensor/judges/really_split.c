/*
 * Judge "really_split".
 *
 * Run:       a training step with --log-memory, whose gradients are stored. Weights are much larger than what
 *            passes from layer to layer.
 * Must hold: of each weight of a linear layer, convolution or attention a rank has an equal share, give or take
 *            one column, row or head; parameters, gradients and optimizer state take as much as these shares do;
 *            nothing as large as a whole weight is made, but for copies of the rank's own slices, or comes in a
 *            message, nor do messages together bring one. What the computations cost is a matter of work.h.
 * A failure: names the rank, and the weight that it has or gets.
 * Remarked:  layers that say they cost something else than their share.
 */
#include "assignments/tensor/judges/really_split.h"
#include "assignments/tensor/between_chains.h"
#include "assignments/tensor/judges/facts/moved.h"
#include "assignments/tensor/judges/facts/places.h"
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/told_costs.h"

#include "common/base/memory.h"
#include "grader/evidence/wholes.h"
#include "grader/trace/call_place.h"

#include <math.h>

/* Of attention's parameters, behind qkv's weight and bias. */
#define PROJECTION 2

/* An arena may be rounded up, and is at least one element long. */
#define ARENA_SLACK 4096

static const struct mistake whole_weight = {
    .name = "a whole weight on a rank",
    .explanation =
        "A rank holds, or is sent, all of a weight that it should have a slice of. Memory is what "
        "splitting a layer saves: a slice has to be enough to compute with.",
    .look = "what the layer says its slices are (layer_parameter_part), and what it gathers",
};

struct split_case {
    const struct outcome *run;
    const struct tensor_places *places;
    struct wholes *after;
};

/* ---- slices ------------------------------------------------------------------------------------------- */

/* The most that a rank may have: of one dimension a share, of the others all. things: of how many that are cut;
 * 0: of the first or of the second dimension. */
static size_t largest_share(struct shape whole, int ranks, int things)
{
    size_t most = 0;
    for (int d = 0; d < 2; d++) {
        const size_t along = (size_t)(things > 0 ? things : whole.size[d]);
        const size_t share = (along + (size_t)ranks - 1) / (size_t)ranks;
        most = MAX(most, shape_elements(whole) / along * share);
    }
    return most;
}

/* parameter: of the model's layer. */
static bool slices_are_shares(const struct split_case *c, const struct layer *layer, int parameter,
                              const struct layer *leaf, struct verdict *verdict)
{
    const struct parameter *weight = &layer->parameter[parameter];
    g_autofree char *name = g_strdup_printf("layers.%d.%s.gradient", layer->index, weight->name);
    const struct whole *whole = wholes_find(c->after, name);
    const size_t most =
        largest_share(weight->shape, c->run->ranks, tensor_is_attention(leaf) ? leaf->heads : 0);
    if (!whole) {
        evidence_fail(verdict, "no rank stored %s", name);
        return false;
    }
    for (guint i = 0; i < whole->parts->len; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        if (part->is.count <= most)
            continue;
        evidence_fail(
            verdict,
            "rank %d has %zu of the %zu elements of layers.%d.%s (%s); a share of one of %d "
            "ranks is %zu",
            part->from->rank, part->is.count, shape_elements(weight->shape), layer->index,
            weight->name, leaf->operations->kind, c->run->ranks, most);
        verdict_name_mistake(verdict, &whole_weight);
        verdict->basis = BASIS_AMOUNT;
        return false;
    }
    return true;
}

/* Of a layer without layers inside; first: of its parameters, in the model's layer. */
static bool leaf_is_split(const struct split_case *c, const struct layer *layer, int first,
                          const struct layer *leaf, struct verdict *verdict)
{
    const bool attention = tensor_is_attention(leaf);
    if (chain_layer_has_weight(leaf) || attention)
        return slices_are_shares(c, layer, first, leaf, verdict) &&
               (!attention || slices_are_shares(c, layer, first + PROJECTION, leaf, verdict));
    return true;
}

/* The parameters of a layer are those of the layers inside, one behind the other. */
static bool all_are_split(const struct split_case *c, const struct layer *layer, int *parameter,
                          const struct layer *inside, struct verdict *verdict)
{
    bool right = true;
    for (int i = 0; i < inside->inner_layers && right; i++)
        right = all_are_split(c, layer, parameter, &inside->inner[i], verdict);
    if (inside->inner_layers > 0)
        return right;
    right = leaf_is_split(c, layer, *parameter, inside, verdict);
    *parameter += inside->parameters;
    return right;
}

/* ---- memory ------------------------------------------------------------------------------------------- */

static uint64_t bytes_of_rank(const struct split_case *c, int rank)
{
    for (int i = 0; i < wholes_files(c->after); i++)
        if (wholes_file(c->after, i)->rank == rank)
            return wholes_file(c->after, i)->parameter_bytes;
    return 0;
}

static bool memory_is_of_shares(const struct split_case *c, int rank, struct verdict *verdict)
{
    static const struct {
        enum memory_kind kind;
        int times;
        const char *what;
    } kinds[] = {{MEMORY_PARAMETER, 1, "parameters"},
                 {MEMORY_GRADIENT, 1, "gradients"},
                 {MEMORY_OPTIMIZER, 2, "optimizer state"}};
    const uint64_t own = bytes_of_rank(c, rank);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct log_memory memory;
        const uint64_t most = (uint64_t)kinds[i].times * (own + ARENA_SLACK);
        if (!log_find_memory(&c->run->log[rank], kinds[i].kind, &memory) || memory.peak <= most)
            continue;
        evidence_fail(verdict,
                      "rank %d held %" G_GUINT64_FORMAT
                      " bytes of %s; its slices have %" G_GUINT64_FORMAT " bytes of parameters",
                      rank, (guint64)memory.peak, kinds[i].what, (guint64)own);
        return false;
    }
    return true;
}

/* ---- what is as large as a weight ----------------------------------------------------------------------- */

/* Numbers of the largest tensor that a layer takes, gives or makes, of a sample. */
static double largest_of(const struct layer *layer)
{
    double largest = (double)MAX(shape_elements(layer->input), shape_elements(layer->output));
    if (!tensor_is_attention(layer))
        return largest;
    const double tokens = layer->input.size[0];
    return fmax(3 * largest, layer->heads * tokens * tokens); /* qkv; the heads' probabilities */
}

static double bytes_of(const struct layer *layer, int parameter)
{
    return (double)(shape_elements(layer->parameter[parameter].shape) * sizeof(float));
}

/* Bytes of the smallest whole weight that is larger than anything that passes between layers; INFINITY: none
 * is. */
static double smallest_weight(const struct split_case *c)
{
    const struct options *options = &c->run->options;
    const double samples = options->batch_size / (double)options_micro_batches(options);
    double passes = 0, smallest = INFINITY;
    for (int i = 0; i < c->places->count; i++)
        passes = fmax(passes, largest_of(&c->places->at[i].whole) * sizeof(float) * samples);
    for (int i = 0; i < c->places->count; i++) {
        const struct layer *layer = &c->places->at[i].whole;
        if (!tensor_places_has_weight(c->places, i) && !tensor_is_attention(layer))
            continue;
        const double bytes =
            fmin(bytes_of(layer, 0),
                 tensor_is_attention(layer) ? bytes_of(layer, PROJECTION) : INFINITY);
        smallest = bytes > 2 * passes ? fmin(smallest, bytes) : smallest;
    }
    return smallest;
}

/* Kernels have room for themselves: a convolution's can be larger than its weight. */
static bool is_as_large(const struct log_record *record, double weight)
{
    const bool made =
        record->operation == LOG_ALLOCATE && log_allocation(record).kind != MEMORY_WORKSPACE;
    const bool came = record->operation >= LOG_SEND && record->operation < LOG_WIN_CREATE &&
                      record->operation != LOG_COUNT_PART && record->operation != LOG_DATA;
    return (made || came) && (double)record->bytes >= 0.999 * weight;
}

/* A layer may copy its own slice, which can be larger than the whole weight of another one. */
static bool is_own_slice(const struct split_case *c, int rank, const struct log_record *record)
{
    for (int i = 0; record->operation == LOG_ALLOCATE && i < wholes_count(c->after); i++) {
        const GArray *parts = wholes_at(c->after, i)->parts;
        for (guint k = 0; k < parts->len; k++) {
            const struct whole_part *part = &g_array_index(parts, struct whole_part, k);
            if (part->from->rank == rank && part->is.count * sizeof(float) == record->bytes)
                return true;
        }
    }
    return false;
}

static bool nothing_is_as_large(const struct split_case *c, int rank, double weight,
                                struct verdict *verdict)
{
    const struct log_file *log = &c->run->log[rank];
    EVIDENCE_ARRAY events = evidence_events(log);
    for (guint i = 0; i < events->len; i++) {
        const struct evidence_event *event = EVIDENCE_EVENT(events, i);
        if (event->operation > LOG_BACKWARD_WEIGHT)
            continue;
        for (size_t k = event->begin; k < event->end && k < log->count; k++) {
            const struct log_record *record = &log->record[k];
            if (!is_as_large(record, weight) || is_own_slice(c, rank, record))
                continue;
            g_autoptr(GString) line = g_string_new(NULL);
            call_place_name(c->run->program, record, line);
            evidence_fail(
                verdict,
                "rank %d: %s of %" G_GUINT64_FORMAT
                " bytes in a %s, as much as a whole weight, and nothing that passes between "
                "layers is as large (%s)",
                rank, record->operation == LOG_ALLOCATE ? "a tensor" : "a message",
                (guint64)record->bytes, event->operation == LOG_FORWARD ? "forward" : "backward",
                line->str);
            verdict_name_mistake(verdict, &whole_weight);
            verdict->basis = BASIS_AMOUNT;
            return false;
        }
    }
    return true;
}

/* In many small messages a weight takes as many bytes as in one. */
static bool messages_bring_no_weight(const struct split_case *c, double weight,
                                     struct verdict *verdict)
{
    GArray *moved = tensor_moved_of(c->run);
    bool none = true;
    for (guint i = 0; i < moved->len && none; i++) {
        const struct moved *one = &g_array_index(moved, struct moved, i);
        /* To put together one weight on all ranks. */
        none = one->volume < (c->run->ranks - 1) * weight;
        if (none)
            continue;
        g_autoptr(GString) found = g_string_new(NULL);
        evidence_fail(
            verdict,
            "step %d: %.0f bytes move between the ranks in the %s of micro-batch %d, enough "
            "for a whole weight of %.0f on each rank",
            one->step, one->volume, one->backward ? "backward" : "forward", one->micro_batch,
            weight);
        tensor_moved_describe(c->run, one, 0, found);
        verdict_explain(verdict, "\nRank 0 handed in:\n\n%s", found->str);
        verdict_name_mistake(verdict, &whole_weight);
        verdict->basis = BASIS_AMOUNT;
    }
    tensor_moved_free(moved);
    return none;
}

/* ---- a run --------------------------------------------------------------------------------------------- */

static bool is_split(const struct split_case *c, struct verdict *verdict)
{
    const struct model *model = c->places->model;
    bool right = true;
    for (int i = 0, parameter = 0; i < model->layers && right; i++, parameter = 0)
        right = all_are_split(c, &model->layer[i], &parameter, &model->layer[i], verdict);
    const double weight = smallest_weight(c);
    for (int rank = 0; rank < c->run->ranks && right; rank++)
        right = memory_is_of_shares(c, rank, verdict) &&
                (isinf(weight) || nothing_is_as_large(c, rank, weight, verdict));
    return right && (isinf(weight) || messages_bring_no_weight(c, weight, verdict));
}

bool tensor_run_is_split(const struct outcome *run, struct verdict *verdict)
{
    struct split_case c = {.run = run};
    struct tensor_places *places =
        evidence_logs(run, verdict) ? tensor_places_new(run, verdict) : NULL;
    c.places = places;
    c.after = places ? wholes_read(run, "after", 0, verdict) : NULL;
    const bool right = c.after && is_split(&c, verdict);
    if (right)
        tensor_told_costs_remark(places, run, c.after, verdict);
    wholes_free(c.after);
    tensor_places_free(places);
    return right;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    tensor_run_is_split(run, verdict);
}

void tensor_judge_really_split(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "each rank has its share of every weight, and never all of one");
}
