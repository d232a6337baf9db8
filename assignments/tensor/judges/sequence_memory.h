/*
 * What the ranks of a model that is split by tokens keep for the backward, beside what they keep where it is not.
 */
#ifndef ASSIGNMENTS_TENSOR_JUDGES_SEQUENCE_MEMORY_H
#define ASSIGNMENTS_TENSOR_JUDGES_SEQUENCE_MEMORY_H

#include "assignments/tensor/judges/facts/passages.h"

/* whole: the same run as one-round. Of both --log-memory says when what was live. gathered_again: so many layers
 * gather once more in the backward what they gathered in the forward. False after setting the verdict. */
bool tensor_sequence_keeps_little(const struct outcome *run, const struct outcome *whole,
                                  const struct passages *passages, int gathered_again,
                                  struct verdict *verdict);

#endif
