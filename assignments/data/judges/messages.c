/* How gradients are averaged; see messages.h. */
#include "assignments/data/judges/messages.h"

#include "assignments/data/judges/messages_bytes.h"
#include "assignments/data/judges/messages_sizes.h"
#include "assignments/data/judges/messages_world.h"
#include "assignments/data/options.h"
#include "common/log/log_fields.h"

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

/* ---- what there is ------------------------------------------------------------------------------------- */

/* The collectives of one kind that a rank calls in a step, up to the optimizer's: who sends parameters again behind
 * it may do so. Barriers are none. Who adds up in double sends no more numbers: its bytes count as float's. A rank's part
 * of something short may be empty. */
static struct message_sizes called(const struct log_file *log, int step,
                                   enum log_operation operation)
{
    size_t first, last;
    GArray *bytes = g_array_new(FALSE, FALSE, sizeof(size_t));
    log_find_step(log, step, &first, &last);
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &log->record[i];
        const bool is_double = log_elements(record).type == LOG_TYPE_FLOAT64;
        const size_t own = record->bytes / (is_double ? 2 : 1);
        if (record->phase == LOG_BEGIN && log_blocking_form(record->operation) == operation)
            g_array_append_val(bytes, own);
        if (record->operation == LOG_OPTIMIZER_STEP)
            break;
    }
    const int count = (int)bytes->len;
    return (struct message_sizes){count, (size_t *)(void *)g_array_free(bytes, FALSE)};
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

/* ---- a step ---------------------------------------------------------------------------------------------- */

struct step_case {
    const struct outcome *run;
    const struct model *model;
    enum average average;
    int step;
};

static bool are_due(const struct step_case *c, const struct message_sizes *found,
                    const struct message_sizes *right)
{
    return c->average == AVERAGE_PARAMETERS ? data_sizes_match_in_any_order(found, right)
                                            : data_sizes_match(found, right);
}

static void name_mistake(const struct step_case *c, const struct message_sizes *found,
                         const struct message_sizes *right, struct verdict *verdict)
{
    const int micro_batches = options_micro_batches(&c->run->options);
    struct message_sizes each = data_sizes_of_parameters(c->model);
    const struct message_sizes all = {1, (size_t[]){data_gradient_bytes(c->model)}};
    const struct mistake *mistake = NULL;
    if (micro_batches > 1 && data_sizes_are_repeated(found, right, micro_batches))
        mistake = &each_micro_batch;
    else if (data_sizes_are_repeated(found, right, 2))
        mistake = &averaged_twice;
    else if (right->count > 1 && data_sizes_match_in_any_order(found, right))
        mistake = &other_order;
    else if (data_sizes_match_in_any_order(found, &each))
        mistake = &for_each_parameter;
    else if (data_sizes_match(found, &all))
        mistake = &for_all;
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    g_free(each.bytes);
}

static void tell(const struct step_case *c, int rank, enum log_operation operation,
                 const struct message_sizes *found, const struct message_sizes *right,
                 struct verdict *verdict)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *who = rank > 0 ? g_strdup_printf(", rank %d", rank) : g_strdup("");
    data_sizes_append(text, found);
    g_string_append_printf(text, ", and --average %s takes %d: ", data_averages[c->average].name,
                           right->count);
    data_sizes_append(text, right);
    evidence_fail(verdict, "step %d%s: %d times %s, with %s", c->step, who, found->count,
                  log_operation_name(operation), text->str);
    verdict->basis = BASIS_AMOUNT;
    name_mistake(c, found, right, verdict);
}

/* Of parts, which may be small or none, it is known how many calls there are: small ones may be of metrics. */
static bool may_be_parts(const struct message_sizes *found, int large,
                         const struct message_sizes *right)
{
    return large <= right->count && right->count <= found->count;
}

/* Are a rank's calls of one kind what is due by a rule, or nothing but small change? */
static bool is_kind_right(const struct step_case *c, int rank, enum log_operation operation,
                          enum bucket_rule rule, struct verdict *verdict)
{
    struct message_sizes found = called(&c->run->log[rank], c->step, operation);
    struct message_sizes right = data_sizes_of(c->model, &c->run->options, c->average, rule);
    int large = 0;
    for (int i = 0; i < found.count; i++)
        large += found.bytes[i] > MESSAGES_SMALL;
    const bool is_right =
        large == 0 ||
        (tells_all(operation) ? are_due(c, &found, &right) : may_be_parts(&found, large, &right));
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
