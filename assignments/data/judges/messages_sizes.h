/*
 * Bytes of the messages by which gradients are averaged in a step: those that there should be, and whether others are
 * these.
 */
#ifndef ASSIGNMENTS_DATA_JUDGES_MESSAGES_SIZES_H
#define ASSIGNMENTS_DATA_JUDGES_MESSAGES_SIZES_H

#include "assignments/data/bucket_cases.h"
#include "assignments/data/options.h"
#include "common/training/model.h"

#include <glib.h>

#define MESSAGES_SMALL 64 /* bytes: of a metric; also what parts may be filled up by */

/* Bytes of messages, in order. `bytes` is the caller's, to g_free. */
struct message_sizes {
    int count;
    size_t *bytes;
};

/* Of all gradients. */
size_t data_gradient_bytes(const struct model *model);
struct message_sizes data_sizes_of_parameters(const struct model *model);
/* What a way to average takes. */
struct message_sizes data_sizes_of(const struct model *model, const struct options *options,
                                   enum average average, enum bucket_rule rule);

/* Are they these, and besides only small ones? */
bool data_sizes_match(const struct message_sizes *found, const struct message_sizes *right);
bool data_sizes_match_in_any_order(const struct message_sizes *found,
                                   const struct message_sizes *right);
/* So many times over, in any order. */
bool data_sizes_are_repeated(const struct message_sizes *found, const struct message_sizes *right,
                             int times);
/* "4, 8, 12 bytes" */
void data_sizes_append(GString *text, const struct message_sizes *sizes);

#endif
