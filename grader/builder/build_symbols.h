/*
 * What a submission's objects call and bring: nm says the names and where each is used first, objdump which
 * machine instructions enter the system.
 */
#ifndef GRADER_BUILDER_BUILD_SYMBOLS_H
#define GRADER_BUILDER_BUILD_SYMBOLS_H

#include "grader/builder/builder.h"

/* A name that an object uses or brings. */
struct builder_symbol {
    struct built_file *file;
    char *name; /* "instruction syscall": the object holds it */
    int line;   /* 0: not known */
    bool brought;
    bool weak; /* what is brought gives way to another of the same name */
};

/* What became of a question: nobody has a fault: the answer is there. */
struct builder_asking {
    enum culprit culprit;
    bool too_much;    /* the submission's fault: the answer is too long, or takes too long */
    GString *trouble; /* the sentence, where it is not the submission's fault; the caller's */
};

/* Of all objects, of struct builder_symbol, the caller's to unref. A file that can't be asked is refused. */
GArray *builder_symbols(const struct builder *builder, struct builder_asking *asking);

#endif
