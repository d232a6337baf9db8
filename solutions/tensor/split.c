/*
 * Who has what: `size` things in `ranks` parts.
 */
#include "assignments/tensor/tensor.h"

#include <stdio.h>

bool can_split(int size, int ranks, char *reason, size_t reason_size)
{
    /* BEGIN SOLUTION */
    if (size >= ranks)
        return true;
    snprintf(reason, reason_size,
             "%d can't be split over %d ranks, each with one at least: use %d or fewer ranks, or a "
             "larger model",
             size, ranks, size);
    return false;
    /* END SOLUTION */
    //| /* TODO: can each rank have one of `size` things at least? If not, write to reason why not and
    //|  * what the user can do.
    //|  *
    //|  * Hint: snprintf(reason, reason_size, …); the user chooses the model and the number of ranks.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=split
    //|  */
    //| todo("say whether it can be split", size, ranks, reason, reason_size);
}

struct part split(int size, int ranks, int rank)
{
    /* BEGIN SOLUTION */
    /* What does not divide goes to the first ranks, one each. */
    const int least = size / ranks, more = size % ranks;
    const int begin = least * rank + (rank < more ? rank : more);
    return (struct part){.begin = begin, .end = begin + least + (rank < more ? 1 : 0)};
    /* END SOLUTION */
    //| /* TODO: which part of `size` things is rank `rank`'s?
    //|  *
    //|  * Every thing is on one rank, lower numbers on lower ranks; no rank has two more than another, so 7
    //|  * on 3 ranks are 3, 2 and 2 in some order. begin is the first of the part, end one behind the last.
    //|  * Check: make grade ASSIGNMENT=tensor CHECK=split
    //|  */
    //| todo("find this rank's part", size, ranks, rank);
}
