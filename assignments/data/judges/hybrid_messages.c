/*
 * Judge "hybrid_messages".
 *
 * Run:       training steps of pipelines side by side, on this computer and on a simulated cluster where every send
 *            waits for its receive.
 * Must hold: all that ranks say to each other is sound. In a step, messages go between neighbouring stages of one
 *            pipeline, each micro-batch's activations forward and its gradients back (whole on each of t ranks
 *            that share layers, or once in all); gradients are added up among the ranks with the same parameters
 *            alone, and once: of n bytes on d ranks move 2(d - 1)n, or d(d - 1)n if everybody sends all to
 *            all.
 * A failure: which ranks, which bytes; and the mistake, where members of a collective show it.
 */
#include "assignments/data/judges/hybrid.h"
#include "assignments/data/judges/hybrid_groups.h"
#include "assignments/data/judges/judges.h"
#include "assignments/data/options.h"
#include "common/log/log_fields.h"
#include "common/training/share.h"
#include "grader/evidence/communication.h"
#include "grader/evidence/traffic.h"
#include "grader/trace/match.h"

#include <math.h>

#define MORE 1.05

static const struct mistake other_pipeline = {
    "a message between stages of different pipelines",
    "A rank sends to another stage of another pipeline. What a stage computes is for the next "
    "stage of its own pipeline: the ranks of pipeline->comm are its stages.",
    "the communicator of the messages: pipeline->comm"};
static const struct mistake averaged_twice = {
    "gradients are averaged twice",
    "Twice the bytes move between the ranks with the same stage that one average takes.",
    "how often the average is called in a step, and where"};
static const struct mistake each_micro_batch = {
    "gradients are averaged in every micro-batch",
    "Between the ranks with the same stage one average's bytes move as many times as there are "
    "micro-batches. Gradients add up on each rank for itself; what is added up of all "
    "micro-batches is averaged.",
    "where the average is called: behind the last micro-batch"};

struct hybrid_case {
    const struct outcome *run;
    const struct model *model;
    const struct hybrid_layout *layout;
    int replicas, micro_batches;
    int samples; /* in each share */
};

/* ---- between stages ------------------------------------------------------------------------------------------ */

/* Bytes between neighbouring stages in one step, forward and back. */
struct passed {
    double forward, back;
};

/* Counts a message of a step; false after setting the verdict: it goes where none should. */
static bool count_message(const struct hybrid_case *c, const struct message *message,
                          struct passed *passed, double *averaged, struct verdict *verdict)
{
    const int *stage = c->layout->stage, *replica = c->layout->replica;
    const int from = message->source, to = message->destination;
    const int ahead = stage[to] - stage[from];
    const double bytes = (double)message->send.bytes;
    if (ahead == 0) {
        averaged[stage[from]] += replica[to] != replica[from] ? bytes : 0;
        return true;
    }
    struct passed *between =
        &passed[replica[from] * c->layout->stages + MIN(stage[from], stage[to])];
    if (replica[from] == replica[to] && abs(ahead) == 1) {
        *(ahead > 0 ? &between->forward : &between->back) += bytes;
        return true;
    }
    const bool of_a_table = model_is_tied(c->model) && replica[from] == replica[to];
    if (of_a_table || bytes <= HYBRID_SMALL)
        return true;
    evidence_fail(verdict,
                  "step %d: rank %d (stage %d of replica %d) sends %.0f bytes to rank %d (stage %d "
                  "of replica %d)",
                  message->send.step, from, stage[from], replica[from], bytes, to, stage[to],
                  replica[to]);
    if (replica[from] != replica[to])
        verdict_name_mistake(verdict, &other_pipeline);
    return false;
}

/* Is it what the micro-batches take, once or, unless they are scattered, on each of the ranks that share layers? */
static bool is_due(const struct hybrid_case *c, double bytes, double once)
{
    const double small = HYBRID_SMALL * c->micro_batches * c->layout->tensor;
    const int most = data_options(&c->run->options).scatters ? 1 : c->layout->tensor;
    for (int copies = 1; copies <= most; copies += MAX(1, most - 1))
        if (bytes >= copies * once && bytes <= copies * once + small)
            return true;
    return model_is_tied(c->model) && c->layout->stages == 2 && bytes >= once;
}

static bool passed_is_right(const struct hybrid_case *c, int step, int replica, int stage,
                            const struct passed *passed, struct verdict *verdict)
{
    int last = 0;
    for (int rank = 0; rank < c->layout->ranks; rank++)
        if (c->layout->stage[rank] == stage)
            last = c->layout->part[rank].first_layer + c->layout->part[rank].layers - 1;
    const double elements = (double)shape_elements(c->model->layer[last].output);
    const double once = elements * c->samples * sizeof(float);
    for (int back = 0; back < 2; back++) {
        const double bytes = back ? passed->back : passed->forward;
        if (is_due(c, bytes, once))
            continue;
        evidence_fail(verdict,
                      "step %d, replica %d: %.0f bytes go from stage %d to stage %d; %d samples "
                      "with %.0f numbers each take %.0f",
                      step, replica, bytes, stage + back, stage + 1 - back, c->samples, elements,
                      once);
        verdict->basis = BASIS_AMOUNT;
        return false;
    }
    return true;
}

/* ---- among replicas -------------------------------------------------------------------------------------------- */

/* Parameters of a rank, of which it may say itself that it has a slice, but not more than the whole of its layers and,
 * with the layer that works with the first one's table, of a copy of that. */
static double parameter_bytes(const struct hybrid_case *c, int rank)
{
    const struct log_stage *part = &c->layout->part[rank];
    size_t most = model_parameter_count(c->model, part->first_layer, part->layers);
    bool has_copy = false;
    for (int i = 0; part->first_layer > 0 && i < part->layers; i++)
        has_copy = has_copy || c->model->layer[part->first_layer + i].tied;
    most += has_copy ? shape_elements(c->model->layer[0].parameter[0].shape) : 0;
    return MIN((double)part->parameter_bytes, (double)(most * sizeof(float)));
}

static bool average_is_right(const struct hybrid_case *c, int step, int stage, double moved,
                             struct verdict *verdict)
{
    double all = 0; /* gradients of all ranks of the stage */
    for (int rank = 0; rank < c->layout->ranks; rank++)
        all += c->layout->stage[rank] == stage ? parameter_bytes(c, rank) : 0;
    const double d = c->replicas, once = 2 * (d - 1) / d * all;
    const double most = MAX(2.0, d) / 2 * once * MORE + HYBRID_SMALL * 16 * d * c->layout->tensor;
    if (moved <= most)
        return true;
    evidence_fail(verdict,
                  "step %d: %.0f bytes move between the ranks with stage %d; to add up their "
                  "gradients takes %.0f",
                  step, moved, stage, once);
    verdict->basis = BASIS_AMOUNT;
    const double times = moved / once;
    if (c->micro_batches > 2 && fabs(times - c->micro_batches) < 0.1)
        verdict_name_mistake(verdict, &each_micro_batch);
    else if (c->micro_batches != 2 && fabs(times - 2) < 0.1)
        verdict_name_mistake(verdict, &averaged_twice);
    return false;
}

/* Adds what a stage's replicas move in collectives to what they send each other. Who adds up in double sends no more
 * numbers: doubles count half, and messages, which do not say what they are, as far as there are doubles beside. */
static void add_collectives(const struct hybrid_case *c, const struct traffic *traffic, int step,
                            double *averaged)
{
    g_autofree double *of_doubles = g_new0(double, c->layout->stages);
    g_autofree double *moved = g_new0(double, c->layout->stages);
    for (guint i = 0; i < traffic->entries->len; i++) {
        const struct traffic_entry *entry =
            &g_array_index(traffic->entries, struct traffic_entry, i);
        if (entry->step != step || !entry->group ||
            hybrid_layout_among(c->layout, entry->group) != AMONG_REPLICAS)
            continue;
        const int stage = c->layout->stage[entry->group->rank[0][0]];
        moved[stage] += entry->volume - entry->of_doubles / 2;
        of_doubles[stage] += entry->of_doubles;
    }
    for (int stage = 0; stage < c->layout->stages; stage++)
        averaged[stage] += moved[stage] - MIN(averaged[stage], of_doubles[stage]) / 2;
}

/* ---- a step -------------------------------------------------------------------------------------------------------- */

static bool step_is_right(const struct hybrid_case *c, const struct matching *matching,
                          const struct traffic *traffic, int step, struct verdict *verdict)
{
    const int stages = c->layout->stages;
    g_autofree struct passed *passed = g_new0(struct passed, c->replicas * stages);
    g_autofree double *averaged = g_new0(double, stages);
    bool right = true;
    for (int i = 0; i < matching->count && right; i++)
        if (matching->message[i].send.posted != NO_RECORD && matching->message[i].send.step == step)
            right = count_message(c, &matching->message[i], passed, averaged, verdict);
    add_collectives(c, traffic, step, averaged);
    for (int i = 0; i < c->replicas * stages && right; i++)
        if (i % stages < stages - 1)
            right = passed_is_right(c, step, i / stages, i % stages, &passed[i], verdict);
    for (int stage = 0; stage < stages && right; stage++)
        right = average_is_right(c, step, stage, averaged[stage], verdict);
    return right;
}

static bool steps_are_right(const struct hybrid_case *c, struct verdict *verdict)
{
    struct matching *matching = matching_new(c->run->log, c->run->ranks);
    struct traffic *traffic = traffic_new(c->run->log, c->run->ranks);
    bool right = true;
    size_t first, last;
    for (int step = 0; right && log_find_step(&c->run->log[0], step, &first, &last); step++)
        right = step_is_right(c, matching, traffic, step, verdict);
    matching_free(matching);
    traffic_free(traffic);
    return right;
}

static bool groups_are_right(const struct outcome *run, struct verdict *verdict)
{
    g_autoptr(GString) cause = g_string_new(NULL);
    const struct mistake *mistake = hybrid_mistake_of_groups(run, cause);
    if (!mistake)
        return true;
    evidence_fail(verdict, "%s", cause->str);
    verdict_name_mistake(verdict, mistake);
    return false;
}

bool hybrid_messages_are_right(const struct outcome *run, struct verdict *verdict)
{
    struct hybrid_layout *layout = hybrid_layout_new(run);
    struct model *model = NULL;
    const int replicas = data_replicas(&run->options, run->ranks);
    bool right = hybrid_layout_is_whole(layout, run, verdict) && groups_are_right(run, verdict) &&
                 evidence_communication_is_sound(run, verdict);
    right = right && (model = evidence_model(run, verdict)) != NULL &&
            hybrid_layout_is_of(layout, model, verdict);
    if (right) {
        const struct hybrid_case c = {.run = run,
                                      .model = model,
                                      .layout = layout,
                                      .replicas = replicas,
                                      .micro_batches = options_micro_batches(&run->options),
                                      .samples = run->options.batch_size / replicas};
        right = steps_are_right(&c, verdict);
    }
    model_free(model);
    hybrid_layout_free(layout);
    return right;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (evidence_logs(run, verdict))
        hybrid_messages_are_right(run, verdict);
}

void data_judge_hybrid_messages(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "stages say to each other what they must, and replicas average once");
}
