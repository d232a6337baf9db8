/* What passes between two stages; see passage.h. */
#include "assignments/pipeline/judges/passage.h"

#include "common/log/log.h"

#include <glib.h>

uint64_t passage_bytes(struct shape sample, int samples)
{
    return sizeof(float) * shape_elements(sample) * (uint64_t)samples;
}

uint64_t passage_fingerprint_of_all(uint32_t element, uint64_t bytes)
{
    uint32_t *tensor = g_malloc(bytes);
    for (uint64_t i = 0; i < bytes / sizeof(element); i++)
        tensor[i] = element;
    uint64_t fingerprint = log_fingerprint(tensor, bytes);
    g_free(tensor);
    return fingerprint;
}
