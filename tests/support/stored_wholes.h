/*
 * A run that never was, whose ranks stored parts of three wholes: for tests of what puts them
 * together.
 *
 *     stored_begin();                        one file for each rank
 *     stored_make(0, SHAPE(8, 6));           whole 0, with numbers of its own
 *     stored_put_all(2, 0);                  rank 2 has all of it
 *     stored_write();
 *     struct wholes *wholes = stored_read();
 *     stored_expect_original(wholes, 0, 1);  on one rank
 *     …
 *     stored_free_originals();
 */
#ifndef TESTS_SUPPORT_STORED_WHOLES_H
#define TESTS_SUPPORT_STORED_WHOLES_H

#include "grader/evidence/wholes.h"
#include "tests/support/logged_run.h"

#define STORED_RANKS  4
#define STORED_WHOLES 3

struct stored {
    struct logged_run *run;
    struct tensor_file *file[STORED_RANKS];
    struct tensor *original[STORED_WHOLES];
    GString *why; /* what stored_assemble says */
};
extern struct stored stored;
extern const char *const stored_names[STORED_WHOLES];

/* Fixtures. All ranks have the same two layers. */
void stored_setup(void);
void stored_teardown(void);

void stored_begin(void);
void stored_make(int w, struct shape shape);
void stored_free_originals(void);

/* What rank r has of whole w … */
void stored_put(int r, int w, const struct slice *slice);
void stored_put_all(int r, int w);
/* … with its last number changed. */
void stored_put_changed(int r, int w, const struct slice *slice, float by);
/* Flat ranges of an arena of the three wholes, cut at random, on random ranks; nobody gets the
 * elements lost_from … lost_to - 1. */
void stored_put_ranges(GRand *random, size_t lost_from, size_t lost_to);

/* Writes the files, before step 3, and frees them. */
void stored_write(void);
void stored_path(int rank, char path[256]);
struct wholes *stored_read(void);
const struct tensor *stored_assemble(struct wholes *wholes, int w, struct wholes_rules rules);

/* Fails the test unless the whole is the original; unless, written and read, it can't be put
 * together, and just this is said. */
void stored_expect_original(struct wholes *wholes, int w, int copies);
void stored_expect_fault(int w, struct wholes_rules rules, const char *says);

#endif
