/* How gradients are averaged; see messages.h. */
#include "assignments/data/judges/messages.h"

#include "assignments/data/bucket_cases.h"
#include "assignments/data/judges/messages_bytes.h"
#include "assignments/data/judges/messages_world.h"
#include "assignments/data/options.h"
#include "common/log/log_fields.h"

#include <inttypes.h>
#include <stdlib.h>

#define SMALL 64 /* bytes: of a metric; also what parts may be filled up by */

static const struct mistake
    each_micro_batch =
        {"gradients are averaged in every micro-batch",
         "There are as many messages for each micro-batch as there should be for the step. "
         "Gradients add up on each rank for itself; what is added up of all ranks is the result.",
         "where the average is called: behind the loop over the micro-batches"},
    averaged_twice = {"gradients are averaged twice",
                      "There are twice the messages that one average takes.",
                      "how often the average is called in a step"},
    for_each_parameter = {"a message for each parameter",
                          "There is a message for each parameter, and fewer were asked for.",
                          "what is handed to one all-reduce"},
    for_all = {"one message for all gradients",
               "There is one message for all gradients, and more were asked for.",
               "what is handed to one all-reduce"},
    other_order = {"buckets go in another order",
                   "The messages have the sizes of the buckets, in another order: the bucket whose "
                   "gradients are there first is to go first.",
                   "the order of the loop over the buckets"};

/* ---- what there should be ---------------------------------------------------------------------------- */

/* Bytes of messages, in order. */
struct sizes {
    int count;
    size_t *bytes;
};

static int compare_sizes(const void *a, const void *b)
{
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static size_t all_bytes(const struct model *model)
{
    return model_parameter_count(model, 0, model->layers) * sizeof(float);
}

static struct sizes sizes_of_parameters(const struct model *model)
{
    struct sizes sizes = {0};
    for (int layer = 0; layer < model->layers; layer++)
        sizes.count += model->layer[layer].parameters;
    sizes.bytes = g_new(size_t, sizes.count + 1);
    sizes.count = 0;
    for (int layer = 0; layer < model->layers; layer++)
        for (int p = 0; p < model->layer[layer].parameters; p++)
            sizes.bytes[sizes.count++] =
                shape_elements(model->layer[layer].parameter[p].shape) * sizeof(float);
    return sizes;
}

static struct sizes sizes_of(const struct model *model, const struct options *options,
                             enum average average, enum bucket_rule rule)
{
    if (average == AVERAGE_PARAMETERS)
        return sizes_of_parameters(model);
    const struct bucket_case all = {.layers = model->layers,
                                    .bytes = (size_t)data_options(options).bucket_kib * 1024};
    struct sizes sizes = {1, g_new(size_t, model->layers + 1)};
    sizes.bytes[0] = all_bytes(model);
    if (average != AVERAGE_FLAT)
        sizes.count = data_bucket_sizes(model, &all, rule, sizes.bytes);
    return sizes;
}

static void append_sizes(GString *text, const struct sizes *sizes)
{
    for (int i = 0; i < sizes->count && i < 12; i++)
        g_string_append_printf(text, "%s%zu", i > 0 ? ", " : "", sizes->bytes[i]);
    g_string_append(text, sizes->count > 12 ? ", … bytes" : " bytes");
}

/* ---- what there is ------------------------------------------------------------------------------------- */

/* The collectives of one kind that a rank calls in a step, up to the optimizer's: who sends parameters again behind
 * it may do so. Barriers are none. Who adds up in double sends no more numbers: its bytes count as float's. */
static struct sizes called(const struct log_file *log, int step, enum log_operation operation)
{
    size_t first, last;
    GArray *bytes = g_array_new(FALSE, FALSE, sizeof(size_t));
    log_find_step(log, step, &first, &last);
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &log->record[i];
        const bool is_double = log_elements(record).type == LOG_TYPE_FLOAT64;
        const size_t own = record->bytes / (is_double ? 2 : 1);
        if (record->phase == LOG_BEGIN && log_blocking_form(record->operation) == operation &&
            own > 0)
            g_array_append_val(bytes, own);
        if (record->operation == LOG_OPTIMIZER_STEP)
            break;
    }
    const int count = (int)bytes->len;
    return (struct sizes){count, (size_t *)(void *)g_array_free(bytes, FALSE)};
}

/* Does such a call have the whole of what is added up at its begin, on every rank? */
static bool tells_all(enum log_operation operation)
{
    switch (operation) {
    case LOG_ALLREDUCE:
    case LOG_REDUCE:
    case LOG_BCAST:
    case LOG_REDUCE_SCATTER:
    case LOG_REDUCE_SCATTER_BLOCK:
        return true;
    default:
        return false;
    }
}

/* Are they these, and besides only small ones? */
static bool are(const struct sizes *found, const struct sizes *right)
{
    int next = 0;
    for (int i = 0; i < found->count; i++) {
        const bool due = next < right->count && found->bytes[i] >= right->bytes[next] &&
                         found->bytes[i] <= right->bytes[next] + SMALL;
        if (due)
            next++;
        else if (found->bytes[i] > SMALL)
            return false;
    }
    return next == right->count;
}

/* The same, in whatever order. */
static bool are_in_any_order(const struct sizes *found, const struct sizes *right)
{
    struct sizes sorted[2] = {*found, *right};
    bool alike;
    for (int i = 0; i < 2; i++) {
        sorted[i].bytes = g_memdup2(sorted[i].bytes, (gsize)sorted[i].count * sizeof(size_t));
        if (sorted[i].count > 0)
            qsort(sorted[i].bytes, (size_t)sorted[i].count, sizeof(size_t), compare_sizes);
    }
    alike = are(&sorted[0], &sorted[1]);
    g_free(sorted[0].bytes);
    g_free(sorted[1].bytes);
    return alike;
}

/* So many times over. */
static bool are_repeated(const struct sizes *found, const struct sizes *right, int times)
{
    struct sizes all = {right->count * times, g_new(size_t, right->count * times + 1)};
    for (int i = 0; i < all.count; i++)
        all.bytes[i] = right->bytes[i % right->count];
    const bool alike = are_in_any_order(found, &all);
    g_free(all.bytes);
    return alike;
}

/* ---- a step ---------------------------------------------------------------------------------------------- */

struct step_case {
    const struct outcome *run;
    const struct model *model;
    enum average average;
    int step;
};

static bool are_due(const struct step_case *c, const struct sizes *found, const struct sizes *right)
{
    return c->average == AVERAGE_PARAMETERS ? are_in_any_order(found, right) : are(found, right);
}

static void name_mistake(const struct step_case *c, const struct sizes *found,
                         const struct sizes *right, struct verdict *verdict)
{
    const int micro_batches = options_micro_batches(&c->run->options);
    struct sizes each = sizes_of_parameters(c->model);
    const struct sizes all = {1, (size_t[]){all_bytes(c->model)}};
    const struct mistake *mistake = NULL;
    if (micro_batches > 1 && are_repeated(found, right, micro_batches))
        mistake = &each_micro_batch;
    else if (are_repeated(found, right, 2))
        mistake = &averaged_twice;
    else if (are_in_any_order(found, right))
        mistake = &other_order;
    else if (are_in_any_order(found, &each))
        mistake = &for_each_parameter;
    else if (are(found, &all))
        mistake = &for_all;
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    g_free(each.bytes);
}

static void tell(const struct step_case *c, int rank, enum log_operation operation,
                 const struct sizes *found, const struct sizes *right, struct verdict *verdict)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *who = rank > 0 ? g_strdup_printf(", rank %d", rank) : g_strdup("");
    append_sizes(text, found);
    g_string_append_printf(text, ", and --average %s takes %d: ", data_averages[c->average].name,
                           right->count);
    append_sizes(text, right);
    evidence_fail(verdict, "step %d%s: %d times %s, with %s", c->step, who, found->count,
                  log_operation_name(operation), text->str);
    verdict->basis = BASIS_AMOUNT;
    name_mistake(c, found, right, verdict);
}

/* Are a rank's calls of one kind what is due by a rule, or nothing but small change? */
static bool is_kind_right(const struct step_case *c, int rank, enum log_operation operation,
                          enum bucket_rule rule, struct verdict *verdict)
{
    struct sizes found = called(&c->run->log[rank], c->step, operation);
    struct sizes right = sizes_of(c->model, &c->run->options, c->average, rule);
    bool large = false;
    for (int i = 0; i < found.count; i++)
        large = large || found.bytes[i] > SMALL;
    const bool is_right =
        !large || (tells_all(operation) ? are_due(c, &found, &right) : found.count == right.count);
    if (!is_right)
        tell(c, rank, operation, &found, &right, verdict);
    g_free(found.bytes);
    g_free(right.bytes);
    return is_right;
}

static bool are_kinds_right(const struct step_case *c, enum bucket_rule rule,
                            struct verdict *verdict)
{
    for (int rank = 0; rank < c->run->ranks; rank++)
        for (int operation = LOG_BARRIER + 1; operation < LOG_IBARRIER; operation++)
            if (!is_kind_right(c, rank, (enum log_operation)operation, rule, verdict))
                return false;
    return true;
}

static bool is_step_right(const struct step_case *c, struct verdict *verdict)
{
    struct verdict *unheard = verdict_new();
    const bool right = are_kinds_right(c, BUCKETS_THAT_REACH, unheard) ||
                       are_kinds_right(c, BUCKETS_THAT_FIT, verdict);
    verdict_free(unheard);
    return right;
}

/* ---- all of them ------------------------------------------------------------------------------------------ */

bool data_messages_are_right(const struct outcome *run, struct verdict *verdict)
{
    struct model *model = run->ranks > 1 ? evidence_model(run, verdict) : NULL;
    if (!model)
        return run->ranks == 1;
    struct step_case c = {.run = run, .model = model, .average = data_average(&run->options)};
    bool right = data_messages_avoid_world(run, verdict);
    size_t first, last;
    for (; right && log_find_step(&run->log[0], c.step, &first, &last); c.step++)
        right = is_step_right(&c, verdict);
    right = right && data_bytes_are_right(run, model, verdict);
    model_free(model);
    return right;
}
