/*
 * Samples in pieces: so many samples, cut into micro-batches whose sizes differ by one at most. The larger
 * ones come first. Where the samples are a multiple of the pieces, all are of the same size.
 */
#ifndef COMMON_TRAINING_SHARE_H
#define COMMON_TRAINING_SHARE_H

/* The place of the first sample of a piece; of piece `pieces` the end of all. */
static inline int share_begin(int samples, int pieces, int piece)
{
    const int remainder = samples % pieces;
    return samples / pieces * piece + (piece < remainder ? piece : remainder);
}

static inline int share_size(int samples, int pieces, int piece)
{
    return samples / pieces + (piece < samples % pieces ? 1 : 0);
}

#endif
