/*
 * --probe vocabulary_cross_entropy: the student's loss and its gradient, with the logits of loss_cases.h. Both
 * micro-batches of a case go forward before either goes backward.
 */
#include "assignments/tensor/loss_cases.h"
#include "assignments/tensor/probes.h"
#include "assignments/tensor/program/parts.h"
#include "common/base/fatal.h"
#include "common/files/tensor_file.h"
#include "common/log/log_fields.h"

#include <stdio.h>
#include <string.h>

struct one_loss {
    struct part words;
    struct tensor *given, *logits, *targets, *probabilities;
};

static struct one_loss loss_begin(const struct loss_case *one, int rank, int micro_batch)
{
    struct one_loss loss = {.words = loss_case_words(one, rank),
                            .targets = loss_case_targets(one, micro_batch)};
    struct tensor *whole = loss_case_logits(one, micro_batch);
    const struct slice slice = slice_along(whole->shape, 2, loss.words.begin, loss.words.end);
    loss.given = slice_part_new(&slice, whole);
    loss.logits = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU, loss.given->shape);
    tensor_copy(loss.logits, loss.given);
    tensor_free(whole);
    return loss;
}

/* Adds WHAT-CASE-MICRO_BATCH. */
static void add(struct tensor_file *file, const char *what, const struct loss_case *one,
                int micro_batch, struct tensor *tensor)
{
    char name[64];
    snprintf(name, sizeof name, "%s-%d-%d", what, one->number, micro_batch);
    tensor_file_add(file, name, tensor);
}

static void forward(const struct loss_case *one, int micro_batch, struct one_loss *loss,
                    struct tensor_file *file)
{
    const double value = vocabulary_cross_entropy(tensor_run_group(), loss->words, loss->logits,
                                                  loss->targets, &loss->probabilities);
    struct tensor *told = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(1));
    tensor_floats(told)[0] = (float)value;
    add(file, "loss", one, micro_batch, told);
    tensor_free(told);
    if (loss->probabilities == NULL ||
        !shape_equal(loss->probabilities->shape, loss->logits->shape))
        fatal_at("vocabulary_cross_entropy",
                 "*probabilities became no tensor of the logits' shape");
}

static int changed_numbers(const struct one_loss *loss)
{
    int changed = 0;
    for (int i = 0; i < loss->given->count; i++)
        changed += memcmp(&tensor_floats(loss->given)[i], &tensor_floats(loss->logits)[i],
                          sizeof(float)) != 0;
    return changed;
}

static void backward(const struct loss_case *one, int micro_batch, struct one_loss *loss,
                     struct tensor_file *file)
{
    struct tensor *gradient = vocabulary_cross_entropy_backward(loss->words, loss->probabilities,
                                                                loss->targets, one->scale);
    if (gradient == NULL)
        fatal_at("vocabulary_cross_entropy_backward", "it returned NULL, and no gradient");
    tensor_must_live(gradient, "the gradient", "vocabulary_cross_entropy_backward");
    add(file, "gradient", one, micro_batch, gradient);
    tensor_free(gradient);
}

static json_t *try_case(const struct run *run, const struct loss_case *one,
                        struct tensor_file *file)
{
    struct one_loss loss[LOSS_MICRO_BATCHES];
    int changed = 0;
    for (int m = 0; m < LOSS_MICRO_BATCHES; m++)
        loss[m] = loss_begin(one, run->rank, m);
    const long held = tensor_references_held();
    log_append(log_record_of_step(LOG_STEP_BEGIN, LOSS_FORWARD_STEP(one->number)));
    for (int m = 0; m < LOSS_MICRO_BATCHES; m++)
        forward(one, m, &loss[m], file);
    log_append(log_record_of_step_end(LOSS_FORWARD_STEP(one->number), 0));
    for (int m = 0; m < LOSS_MICRO_BATCHES; m++)
        changed += changed_numbers(&loss[m]);
    log_append(log_record_of_step(LOG_STEP_BEGIN, LOSS_BACKWARD_STEP(one->number)));
    for (int m = 0; m < LOSS_MICRO_BATCHES; m++)
        backward(one, m, &loss[m], file);
    log_append(log_record_of_step_end(LOSS_BACKWARD_STEP(one->number), 0));
    /* The file refers to a loss and a gradient of each. */
    const long leaked = tensor_references_held() - held - 2L * LOSS_MICRO_BATCHES;
    for (int m = 0; m < LOSS_MICRO_BATCHES; m++) {
        tensor_free(loss[m].given);
        tensor_free(loss[m].logits);
        tensor_free(loss[m].targets);
    }
    return json_pack("{si si}", "changed", changed, "leaked", (int)leaked);
}

void probe_loss(struct run *run)
{
    char path[PATH_MAX + 64], name[64], error[TENSOR_FILE_ERROR_SIZE];
    struct tensor_file *file = tensor_file_new();
    json_t *table = json_array();
    for (int i = 0; i < LOSS_CASES; i++) {
        const struct loss_case one = loss_case_of(run->options->seed, run->ranks, i);
        if (json_array_append_new(table, try_case(run, &one, file)) != 0)
            fatal("no memory left for the table");
    }
    snprintf(path, sizeof path, "%s/probe-loss-%d.safetensors", run->options->evidence, run->rank);
    if (!tensor_file_write(file, path, error))
        fatal("%s", error);
    tensor_file_free(file);
    snprintf(name, sizeof name, "probe-loss-%d.json", run->rank);
    driver_probe_write(run, name, table);
}
