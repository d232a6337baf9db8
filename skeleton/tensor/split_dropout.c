/*
 * Dropout where each rank has some of the numbers: between split layers some columns or channels, with sequence
 * parallelism outside of them some tokens. Whether a number is dropped depends on the seed, the step, the sample
 * and the number's place in the whole sample; so ranks with the same seed drop different places of their parts, and
 * together what one process drops. (Srivastava et al. 2014; the two places: Korthikanti et al. 2022, section 4.2.)
 *
 * Where a rank has whole tensors, the kit's is right: with the same seed, all ranks drop the same numbers.
 */
#include "assignments/tensor/tensor.h"

struct layer split_dropout(const struct tensor_place *place)
{
    /* The kit's, for as many numbers as come in here. Unless it is told otherwise, they are a whole sample. */
    struct layer layer = layer_dropout(place->input, place->whole->rate);
    /* TODO: which part of one whole sample comes in here: layer.slice. With it the layer draws for each number
     * what one process draws; without it every rank would drop the same places of its part.
     *
     * Given: place->whole->input: the shape of a whole sample, (columns), (tokens, columns) or (channels,
     * height, width). With place->form FORM_SPLIT the columns or channels place->inputs come in, of all tokens;
     * else all columns of the tokens place->tokens (sequence parallelism).
     * Hint: slice_along (common/base/slice.h).
     * Check: make grade ASSIGNMENT=tensor CHECK=both_norms
     */
    todo("which part of a sample the split dropout is for", place);
    return layer;
}
