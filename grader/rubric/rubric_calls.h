/*
 * What a submission's files may call: data, as the rubric is (libconfig). calls.cfg in this folder is
 * for all assignments; assignments/NAME/calls.cfg, which may be missing, is asked before it.
 *
 *     calls = (
 *       { names = ( "PMPI*" ); refused = "which no log sees: call MPI*"; },
 *       { names = ( "MPI_Put" ); unusual = "moves data that the log does not show"; },
 *       { names = ( "printf", "str*" ); usual = true; } );
 *
 * A * stands for any letters. The first name that fits a function decides. What is `refused` can't be
 * part of the program: the student reads "file.c:12 calls NAME, REFUSED", where a * is what the name's
 * own stood for. What is `unusual` is told to the instructor and costs nothing; what no name fits, too.
 *
 * A machine instruction that enters the system goes by the name "instruction NAME".
 */
#ifndef GRADER_RUBRIC_RUBRIC_CALLS_H
#define GRADER_RUBRIC_RUBRIC_CALLS_H

#include "grader/rubric/rubric.h"

enum rubric_call_kind {
    RUBRIC_CALL_UNKNOWN,
    RUBRIC_CALL_USUAL,
    RUBRIC_CALL_UNUSUAL,
    RUBRIC_CALL_REFUSED
};

/* Reads the rules of the rubric's assignment, of those that it uses, and of all into rubric->calls; of the
 * kit that holds the rubric, KIT/assignments/NAME/rubric.cfg. Faults are added to the errors. */
void rubric_calls_read(struct rubric *rubric, const char *rubric_path, GString *errors);
void rubric_calls_free(struct rubric *rubric);

/* What the rules say of a function. why: a new string, or NULL where they give no reason. */
enum rubric_call_kind rubric_calls_look_up(const struct rubric *rubric, const char *function,
                                           char **why);

#endif
