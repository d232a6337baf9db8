/*
 * How programs are compared: what may differ without making a difference, and how long a common piece has to be.
 * The figures are measured ones: docs/class.md says on what.
 */
#ifndef CLASS_SIMILARITY_HOW_H
#define CLASS_SIMILARITY_HOW_H

enum similarity_fold {
    FOLD_TYPES = 1,   /* int, double, struct box: one token; const, static and their like: none */
    FOLD_MEMBERS = 2, /* box->lid.hinge is one name */
    FOLD_LOOPS = 4,   /* for, while and do are one token */
    FOLD_BRACES = 8,  /* { and } are no tokens */
    FOLD_OPERATORS = 16, /* < <= > >= are one token, and so are == != and ++ -- += -= */
    KEEP_MPI = 32,       /* what begins with MPI_ keeps its name … */
    KEEP_KIT = 64,       /* … and so do the functions of the kit's headers */
    FOLDS_ALL = 127
};

struct similarity_how {
    int gram;      /* tokens of a fingerprint: a shorter common piece is no piece */
    int window;    /* of so many fingerprints in a row one at least is kept */
    double common; /* what more than this share of the class has, and more than … */
    int few;       /* … so many of it, is nobody's own */
    unsigned folds;
};

#define SIMILARITY_GRAM   12
#define SIMILARITY_WINDOW 5
#define SIMILARITY_COMMON 0.25
#define SIMILARITY_FEW    10
/* From this share of the smaller program on a pair is worth a look. */
#define SIMILARITY_LOOK 0.4

#endif
