/*
 * The pieces of folded memory that a machine has given out. One that became too small is not given back:
 * somebody may still use it, and ask whether it is folded. Each is at least twice as large as the one before, up to a
 * size that is enough for all, so there are few.
 */
#ifndef COMMON_BASE_MACHINES_FOLDS_H
#define COMMON_BASE_MACHINES_FOLDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOST_FOLDS = 64 };

struct folds {
    int count;
    struct {
        void *memory;
        size_t bytes;
    } of[MOST_FOLDS];
};

/* The piece that is large enough for so many bytes; NULL: there is none yet. */
static inline void *folds_find(const struct folds *folds, size_t bytes)
{
    const int last = folds->count - 1;
    return last >= 0 && folds->of[last].bytes >= bytes ? folds->of[last].memory : NULL;
}

/* How large the next piece is to be: a system refuses those that are larger than its memory, so that none is made larger
 * than it has to be from here on. */
static inline size_t folds_next(const struct folds *folds, size_t bytes)
{
    const size_t most = (size_t)17 << 30;
    const size_t twice = folds->count > 0 ? 2 * folds->of[folds->count - 1].bytes : 0;
    const size_t wanted = twice < most ? twice : most;
    return bytes > wanted ? bytes : wanted;
}

static inline void folds_add(struct folds *folds, void *memory, size_t bytes)
{
    folds->of[folds->count].memory = memory;
    folds->of[folds->count++].bytes = bytes;
}

static inline bool folds_contain(const struct folds *folds, const void *buffer)
{
    const uintptr_t at = (uintptr_t)buffer;
    for (int i = folds->count - 1; i >= 0; i--) {
        const uintptr_t begin = (uintptr_t)folds->of[i].memory;
        if (at >= begin && at < begin + folds->of[i].bytes)
            return true;
    }
    return false;
}

#endif
