/*
 * The closed forms of schedule_formulas.h with a model's figures in them, and the
 * two steps that lead from there to a real run without messages: each stage's
 * own durations, and the optimizer.
 */
#include "assignments/pipeline/placement.h"
#include "assignments/pipeline/planner/pipeline_plan.h"

/* The most bytes that a stage hands on for one sample. */
static double largest_output(const struct model *model, int stages)
{
    double most = 0;
    int next = 0;
    for (int s = 0; s < stages - 1; s++) {
        next += pipeline_plan_layers(model, stages, s);
        most = MAX(most, sizeof(float) * shape_count(model->layer[next - 1].output));
    }
    return most;
}

char *pipeline_plan_refusal(const struct plan *plan, const struct schedule_kind *kind)
{
    const int stages = plan->ranks * pipeline_plan_chunks(plan, kind);
    if (stages > plan->model->layers)
        return g_strdup_printf("%d stages (%d on each rank) want at least as many layers; %s has "
                               "%d",
                               stages, stages / plan->ranks, plan->model_name, plan->model->layers);
    if (stages > 1 && model_is_tied(plan->model))
        return g_strdup(PIPELINE_PLAN_TIED);
    if (kind->facts->chunked && plan->micro_batches % plan->ranks != 0)
        return g_strdup_printf("%d micro-batches are no multiple of %d ranks", plan->micro_batches,
                               plan->ranks);
    const int samples = plan->batch_size / pipeline_plan_shape(plan, kind).micro_batches;
    const int least = model_least_samples(plan->model);
    if (samples < least)
        return g_strdup_printf("a batch norm takes the variance over a micro-batch, and wants %d "
                               "samples in each",
                               least);
    const double message = samples * largest_output(plan->model, stages);
    if (message > (double)TENSOR_META_MESSAGE_BYTES)
        return g_strdup_printf("a message of %d samples would have %.0f MiB, and one without "
                               "numbers has at most %zu: plan with fewer samples",
                               samples, message / (1 << 20), TENSOR_META_MESSAGE_BYTES >> 20);
    return NULL;
}

int pipeline_plan_chunks(const struct plan *plan, const struct schedule_kind *kind)
{
    return kind->facts->chunked ? plan->degree[0] : 1;
}

struct schedule_shape pipeline_plan_shape(const struct plan *plan, const struct schedule_kind *kind)
{
    return (struct schedule_shape){.ranks = plan->ranks,
                                   .chunks = pipeline_plan_chunks(plan, kind),
                                   .micro_batches =
                                       kind->facts->whole_batch ? 1 : plan->micro_batches};
}

bool pipeline_plan_formula_holds(const struct plan *plan, const struct schedule_kind *kind)
{
    return !kind->facts->halves || plan->micro_batches >= plan->ranks;
}

struct stage_cost pipeline_plan_mean_cost(const struct stage_cost *cost,
                                          struct schedule_shape shape)
{
    struct stage_cost mean = {0};
    for (int s = 0; s < shape.ranks * shape.chunks; s++) {
        mean.forward += cost[s].forward / shape.ranks;
        mean.backward_input += cost[s].backward_input / shape.ranks;
        mean.backward_weight += cost[s].backward_weight / shape.ranks;
    }
    return mean;
}

/* ---- time ----------------------------------------------------------------------------------- */

/* Each stage's durations, in seconds, as schedules want them. */
struct durations {
    struct schedule_costs costs;
    double *forward, *input, *weight, *optimizer;
};

static struct durations durations_new(struct schedule_shape shape, const struct stage_cost *cost,
                                      double speed)
{
    const int stages = shape.ranks * shape.chunks, m = shape.micro_batches;
    const gsize places = (gsize)stages * (gsize)m;
    struct durations durations = {.forward = g_new(double, places),
                                  .input = g_new(double, places),
                                  .weight = g_new(double, places),
                                  .optimizer = g_new(double, (gsize)stages)};
    for (int s = 0; s < stages; s++) {
        for (int i = 0; i < m; i++) {
            durations.forward[s * m + i] = cost[s].forward / speed;
            durations.input[s * m + i] = cost[s].backward_input / speed;
            durations.weight[s * m + i] = cost[s].backward_weight / speed;
        }
        durations.optimizer[s] = cost[s].optimizer / speed;
    }
    durations.costs = (struct schedule_costs){.ranks = shape.ranks,
                                              .chunks = shape.chunks,
                                              .micro_batches = m,
                                              .forward = durations.forward,
                                              .backward_input = durations.input,
                                              .backward_weight = durations.weight};
    return durations;
}

static void durations_free(struct durations *durations)
{
    g_free(durations->forward);
    g_free(durations->input);
    g_free(durations->weight);
    g_free(durations->optimizer);
}

/* How long the schedule takes by its dependencies alone. */
static double run(struct durations *durations, const struct schedule_kind *kind, bool optimizer)
{
    durations->costs.optimizer = optimizer ? durations->optimizer : NULL;
    struct schedule *schedule = kind->make(&durations->costs);
    const int stages = schedule->ranks * durations->costs.chunks;
    for (int s = 0; s < stages && optimizer && !kind->facts->asynchronous; s++)
        schedule_add(
            schedule, placement_rank(s, schedule->ranks),
            (struct schedule_operation){LOG_OPTIMIZER_STEP, s, -1, durations->optimizer[s]});
    struct replay *replay = schedule_run(schedule);
    const double makespan = replay->makespan;
    replay_free(replay);
    schedule_free(schedule);
    return makespan;
}

/* How much more than the mean the rank computes that has most to compute. */
static double slowest_rank(struct schedule_shape shape, const struct stage_cost *cost)
{
    double most = 0, sum = 0;
    for (int rank = 0; rank < shape.ranks; rank++) {
        double own = 0;
        for (int c = 0; c < shape.chunks; c++) {
            const struct stage_cost *stage = &cost[placement_stage(rank, c, shape.ranks)];
            own += stage->forward + stage->backward_input + stage->backward_weight;
        }
        most = MAX(most, own);
        sum += own;
    }
    return most / (sum / shape.ranks);
}

static void work_out_time(struct formula *formula, const struct schedule_kind *kind,
                          struct schedule_shape shape, const struct stage_cost *cost, double speed)
{
    const struct stage_cost mean = pipeline_plan_mean_cost(cost, shape);
    const double f = mean.forward / speed, i = mean.backward_input / speed;
    const double w = mean.backward_weight / speed;
    formula->seconds = schedule_makespan(kind, shape, f, i, w);
    formula->begin = formula->seconds;
    formula->bubble = schedule_bubble_of_makespan(kind->idle(shape, f, i, w), formula->seconds);

    formula->slowest = slowest_rank(shape, cost);

    struct durations durations = durations_new(shape, cost, speed);
    formula->with[PIPELINE_PLAN_UNEQUAL_STAGES] = run(&durations, kind, false);
    formula->with[PIPELINE_PLAN_OPTIMIZER] = run(&durations, kind, true);
    durations_free(&durations);
}

/* ---- memory and messages --------------------------------------------------------------------- */

/* The activations of a rank: of all forwards in flight but one what they saved, and of that one
 * the most that it ever holds. */
static double activations(const struct schedule_kind *kind, struct schedule_shape shape,
                          const struct stage_cost *cost, int rank)
{
    double saved = 0, saved_for_weight = 0, working = 0;
    for (int c = 0; c < shape.chunks; c++) {
        const struct stage_cost *own = &cost[placement_stage(rank, c, shape.ranks)];
        saved += own->saved_bytes / shape.chunks;
        saved_for_weight += own->saved_for_weight_bytes / shape.chunks;
        working =
            MAX(working, kind->facts->halves ? own->working_in_halves_bytes : own->working_bytes);
    }
    const int others = kind->in_flight(shape, rank) - 1;
    const int between_halves = kind->facts->halves ? MIN(rank, others) : 0;
    return (others - between_halves) * saved + between_halves * saved_for_weight + working;
}

static void work_out_rank(struct formula *formula, const struct schedule_kind *kind,
                          struct schedule_shape shape, const struct stage_cost *cost, int rank)
{
    struct rank_use *use = &formula->rank[rank];
    const int last = shape.ranks * shape.chunks - 1;
    use->peak[MEMORY_ACTIVATION] = activations(kind, shape, cost, rank);
    for (int c = 0; c < shape.chunks; c++) {
        const int s = placement_stage(rank, c, shape.ranks);
        const int versions = kind->facts->asynchronous ? kind->in_flight(shape, rank) : 1;
        use->peak[MEMORY_PARAMETER] += versions * cost[s].parameter_bytes;
        use->peak[MEMORY_GRADIENT] += cost[s].parameter_bytes;
        use->peak[MEMORY_OPTIMIZER] += cost[s].state_bytes;
        use->message_bytes += shape.micro_batches * ((s == 0 ? 0 : cost[s].input_bytes) +
                                                     (s == last ? 0 : cost[s].output_bytes));
    }
    use->messages = schedule_messages_sent(shape, rank);
}

struct formula *pipeline_plan_formula(const struct plan *plan, const struct schedule_kind *kind)
{
    const struct schedule_shape shape = pipeline_plan_shape(plan, kind);
    struct formula *formula = g_new0(struct formula, 1);
    formula->ranks = plan->ranks;
    formula->rank = g_new0(struct rank_use, (gsize)plan->ranks);
    struct stage_cost *cost = pipeline_plan_costs(plan->model, plan->ranks * shape.chunks,
                                                  plan->batch_size / shape.micro_batches);
    work_out_time(formula, kind, shape, cost, plan->platform->speed);
    for (int rank = 0; rank < plan->ranks; rank++)
        work_out_rank(formula, kind, shape, cost, rank);
    g_free(cost);
    return formula;
}
