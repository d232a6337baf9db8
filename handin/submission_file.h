/*
 * The one Markdown file of a submission: for every question the answer and the
 * code that answers it, and the learning curves at the end.
 *
 * It needs no other file: the picture is inside.
 */
#ifndef HANDIN_SUBMISSION_FILE_H
#define HANDIN_SUBMISSION_FILE_H

#include "handin/handed_in.h"
#include "handin/learning_curves.h"
#include "handin/sections.h"

struct submission_file {
    const char *assignment;
    const struct handed_in *handed_in;
    GPtrArray *questions;                 /* of char *, in order */
    GPtrArray *sections;                  /* of struct section * */
    const struct learning_curves *curves; /* or NULL: none were made, or none can be used */
    const char *left_out;     /* a line for each curve that could not be used, and why */
    const char *picture;      /* path of a PNG; NULL: there is none */
    const char *how_to_train; /* the command that makes a curve; NULL: there are none */
};

/* Appends the file's text. False and a line in problems if the picture can't be read. */
bool submission_file_write(const struct submission_file *file, GString *markdown,
                           GString *problems);

/* The questions that have neither an answer nor code, "Q1, Q3"; empty if there is none.
 * The caller frees it with g_free. */
char *submission_file_unanswered(const struct submission_file *file);

/* Appends text as a block of code that nothing inside can end. */
void submission_file_append_code(GString *markdown, const char *language, const char *text);

#endif
