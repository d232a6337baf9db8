/*
 * What concerns a grade as a whole: notes, in Markdown, that the reports show
 * before the checks.
 */
#ifndef GRADER_GRADE_GRADE_NOTES_H
#define GRADER_GRADE_GRADE_NOTES_H

#include "grader/grade/grade.h"

void grade_note(struct grade *grade, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Did they compute on a GPU, or on an emulated one? */
void grade_note_device(struct grade *grade);
/* Were sizes drawn for a year, or given? */
void grade_note_year(struct grade *grade);
/* Were the programs not isolated? */
void grade_note_isolation(struct grade *grade);
/* Which files were ignored? */
void grade_note_ignored(struct grade *grade);
/* Where the files were found, if not where they belong. */
void grade_note_place(struct grade *grade);
/* After the runs: which were meant for a data set that is not here? */
void grade_note_data(struct grade *grade);
/* After the runs: which tags are larger than every MPI takes? */
void grade_note_tags(struct grade *grade);
/* After the runs: did so many hang that the others were given less time for it? */
void grade_note_haste(struct grade *grade);
/* After the runs: which did the machine leave open, and why? It becomes the first of all notes. */
void grade_note_machine(struct grade *grade);
/* Do the course's files stand in for the submission's of another assignment? */
void grade_note_replaced(struct grade *grade);
/* After the runs: of which checks do the course's files stand in, because what they need does not pass? */
void grade_note_needs(struct grade *grade);
/* Which files are not in the program, because they do not link with the rest? */
void grade_note_faults(struct grade *grade);
/* Which calls are neither usual nor refused? */
void grade_note_unusual(struct grade *grade);
/* If no C file of the assignment itself has been touched: where a beginner begins (begin_here). */
void grade_note_beginning(struct grade *grade);

/* Checks that need the simulator, or would use it, where it is not there. */
void grade_note_simulator(struct grade *grade);

#endif
