/*
 * Characters and words of C: tokens.c and tokens_reader.c, and nobody else. A backslash at a line's end is not there.
 */
#ifndef CLASS_SIMILARITY_TOKENS_READER_H
#define CLASS_SIMILARITY_TOKENS_READER_H

#include <glib.h>
#include <stdbool.h>

enum word { WORD_NONE, WORD_NAME, WORD_NUMBER, WORD_TEXT, WORD_CHARACTER, WORD_SIGN };

enum { WORD_LONGEST = 64 };

struct tokens_reader {
    const char *at, *end;
    int line;
    bool fresh; /* nothing but blanks stood on this line so far */
    /* the word that was read last */
    int word_line;
    char word[WORD_LONGEST]; /* of a longer one the beginning */
};

/* The next word; WORD_NONE: there is none any more. A directive is skipped, but for what a #define stands for. */
enum word tokens_next_word(struct tokens_reader *reader);

#endif
