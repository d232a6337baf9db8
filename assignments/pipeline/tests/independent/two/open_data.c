#include "assignments/pipeline/pipeline.h"

void open_data(struct pipeline *pipeline)
{
    if (!pipeline->rank)
        batch_open_inputs(pipeline->batch);
    if (pipeline->stages == pipeline->rank + 1)
        batch_open_labels(pipeline->batch);
}
