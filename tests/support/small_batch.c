/* Small batches; see small_batch.h. */
#include "tests/support/small_batch.h"
#include "tests/support/tested_device.h"

#include <check.h>

struct batch *small_batch_new(enum loss_kind loss)
{
    return batch_new(&(struct batch_options){
        .dataset = SMALL_BATCH_DATA,
        .batch_size = SMALL_BATCH_SIZE,
        .micro_batches = SMALL_BATCH_MICRO,
        .loss = loss,
        .seed = 11,
        .device = tested_device(),
        .data = {.input = SHAPE(1, 2, 3), .labels = 1, .classes = SMALL_BATCH_CLASSES}});
}

void small_batch_free(struct batch *batch)
{
    batch_free(batch);
    for (int kind = 0; kind < MEMORY_KINDS; kind++)
        ck_assert_uint_eq(memory_live((enum memory_kind)kind), 0);
}

struct tensor *small_batch_output(int micro_batch)
{
    struct tensor *y = tensor_new(MEMORY_ACTIVATION, DTYPE_FLOAT32, DEVICE_CPU,
                                  SHAPE(SMALL_BATCH_PART, SMALL_BATCH_CLASSES));
    for (int i = 0; i < y->count; i++)
        tensor_floats(y)[i] = (float)((micro_batch * 7 + i * 5) % 9) / 4;
    return to_device(y);
}
