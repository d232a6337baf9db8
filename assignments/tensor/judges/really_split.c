/*
 * Judge "really_split".
 *
 * Run:       a training step with --log-memory, whose gradients are stored. Weights are much larger than what
 *            passes from layer to layer.
 * Must hold: of each weight of a linear layer or convolution a rank has an equal share, give or take one column or
 *            row; parameters, gradients and optimizer state take as much as these shares do; nothing as large
 *            as a whole weight is made or comes in a message, nor do messages together bring one. What the
 *            computations cost is a matter of work.h.
 * A failure: names the rank, and the weight that it has or gets.
 */
#include "assignments/tensor/judges/facts/moved.h"
#include "assignments/tensor/judges/facts/places.h"
#include "assignments/tensor/judges/judges.h"

#include "common/base/memory.h"
#include "grader/evidence/wholes.h"
#include "grader/trace/call_place.h"

#include <math.h>

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

/* The most that a rank may have: of one dimension a share, of the others all. */
static size_t largest_share(struct shape whole, int ranks)
{
    size_t most = 0;
    for (int d = 0; d < 2; d++) {
        const size_t along = (size_t)whole.size[d];
        const size_t share = (along + (size_t)ranks - 1) / (size_t)ranks;
        most = MAX(most, shape_elements(whole) / along * share);
    }
    return most;
}

static bool slices_are_shares(const struct split_case *c, const struct layer *layer,
                              struct verdict *verdict)
{
    g_autofree char *name =
        g_strdup_printf("layers.%d.%s.gradient", layer->index, layer->parameter[0].name);
    const struct whole *whole = wholes_find(c->after, name);
    const size_t most = largest_share(layer->parameter[0].shape, c->run->ranks);
    if (!whole) {
        evidence_fail(verdict, "no rank stored %s", name);
        return false;
    }
    for (guint i = 0; i < whole->parts->len; i++) {
        const struct whole_part *part = &g_array_index(whole->parts, struct whole_part, i);
        if (part->is.count <= most)
            continue;
        evidence_fail(
            verdict,
            "rank %d has %zu of the %zu elements of layers.%d.%s (%s); a share of one of %d "
            "ranks is %zu",
            part->from->rank, part->is.count, shape_elements(layer->parameter[0].shape),
            layer->index, layer->parameter[0].name, layer->operations->kind, c->run->ranks, most);
        verdict_name_mistake(verdict, &whole_weight);
        return false;
    }
    return true;
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

/* Bytes of the smallest whole weight that is larger than anything that passes between layers; INFINITY: none
 * is. */
static double smallest_weight(const struct split_case *c)
{
    double passes = 0, smallest = INFINITY;
    for (int i = 0; i < c->places->count; i++) {
        const struct layer *layer = &c->places->at[i].whole;
        const size_t larger = MAX(shape_elements(layer->input), shape_elements(layer->output));
        passes = fmax(passes, (double)(larger * sizeof(float)) * c->run->options.batch_size);
    }
    for (int i = 0; i < c->places->count; i++) {
        if (!tensor_places_has_weight(c->places, i))
            continue;
        const double bytes =
            (double)(shape_elements(c->places->at[i].whole.parameter[0].shape) * sizeof(float));
        smallest = bytes > 2 * passes ? fmin(smallest, bytes) : smallest;
    }
    return smallest;
}

static bool is_as_large(const struct log_record *record, double weight)
{
    const bool made = record->operation == LOG_ALLOCATE;
    const bool came = record->operation >= LOG_SEND && record->operation < LOG_WIN_CREATE &&
                      record->operation != LOG_COUNT_PART && record->operation != LOG_DATA;
    return (made || came) && (double)record->bytes >= 0.999 * weight;
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
            if (!is_as_large(record, weight))
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
    }
    tensor_moved_free(moved);
    return none;
}

/* ---- a run --------------------------------------------------------------------------------------------- */

static bool is_split(const struct split_case *c, struct verdict *verdict)
{
    const struct model *model = c->places->model;
    bool right = true;
    for (int i = 0; i < c->places->count && right; i++)
        if (tensor_places_has_weight(c->places, i) && c->places->count == model->layers)
            right = slices_are_shares(c, &model->layer[i], verdict);
    const double weight = smallest_weight(c);
    for (int rank = 0; rank < c->run->ranks && right; rank++)
        right = memory_is_of_shares(c, rank, verdict) &&
                (isinf(weight) || nothing_is_as_large(c, rank, weight, verdict));
    return right && (isinf(weight) || messages_bring_no_weight(c, weight, verdict));
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    struct split_case c = {.run = run};
    struct tensor_places *places =
        evidence_logs(run, verdict) ? tensor_places_new(run, verdict) : NULL;
    c.places = places;
    c.after = places ? wholes_read(run, "after", 0, verdict) : NULL;
    if (c.after)
        is_split(&c, verdict);
    wholes_free(c.after);
    tensor_places_free(places);
}

void tensor_judge_really_split(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "each rank has its share of every weight, and never all of one");
}
