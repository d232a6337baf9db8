/* From characters to words; see tokens_reader.h. */
#include "class/similarity/tokens_reader.h"

#include <string.h>

enum { NOTHING = -1 };

/* ---- characters ---------------------------------------------------------------------------- */

static int look(struct tokens_reader *reader)
{
    while (reader->end - reader->at >= 2 && reader->at[0] == '\\' &&
           (reader->at[1] == '\n' ||
            (reader->at[1] == '\r' && reader->end - reader->at >= 3 && reader->at[2] == '\n'))) {
        reader->at += reader->at[1] == '\n' ? 2 : 3;
        reader->line++;
    }
    return reader->at < reader->end ? (unsigned char)*reader->at : NOTHING;
}

static int take(struct tokens_reader *reader)
{
    const int character = look(reader);
    if (character == NOTHING)
        return NOTHING;
    reader->at++;
    if (character == '\n') {
        reader->line++;
        reader->fresh = true;
    }
    return character;
}

static bool is_letter(int character)
{
    return g_ascii_isalpha((char)character) || character == '_' || character == '$' ||
           character >= 0x80;
}

static bool is_digit(int character)
{
    return character >= '0' && character <= '9';
}

/* ---- what is no word ------------------------------------------------------------------------ */

static void skip_line(struct tokens_reader *reader)
{
    while (look(reader) != NOTHING && look(reader) != '\n')
        take(reader);
}

static void skip_comment(struct tokens_reader *reader)
{
    for (int before = 0, now; (now = take(reader)) != NOTHING; before = now)
        if (before == '*' && now == '/')
            return;
}

/* Behind a /: was it the beginning of a comment? */
static bool skipped_comment(struct tokens_reader *reader)
{
    if (look(reader) == '/') {
        skip_line(reader);
        return true;
    }
    if (look(reader) != '*')
        return false;
    take(reader);
    const bool fresh = reader->fresh;
    skip_comment(reader);
    reader->fresh = fresh;
    return true;
}

static void skip_blanks(struct tokens_reader *reader)
{
    while (look(reader) == ' ' || look(reader) == '\t')
        take(reader);
}

static void read_name(struct tokens_reader *reader, size_t length)
{
    while (is_letter(look(reader)) || is_digit(look(reader))) {
        const int character = take(reader);
        if (length < WORD_LONGEST - 1)
            reader->word[length++] = (char)character;
    }
    reader->word[length] = '\0';
}

static void skip_directive(struct tokens_reader *reader)
{
    skip_blanks(reader);
    read_name(reader, 0);
    if (strcmp(reader->word, "define") != 0) {
        for (int before = 0; look(reader) != NOTHING && look(reader) != '\n';) {
            const int now = take(reader);
            if (before == '/' && now == '*')
                skip_comment(reader);
            before = now;
        }
        return;
    }
    skip_blanks(reader);
    read_name(reader, 0);
    if (look(reader) == '(')
        while (look(reader) != NOTHING && look(reader) != '\n' && take(reader) != ')')
            ;
}

/* ---- words ------------------------------------------------------------------------------------ */

static void read_number(struct tokens_reader *reader)
{
    for (int before = 0, now = look(reader);
         is_letter(now) || is_digit(now) || now == '.' ||
         ((now == '+' || now == '-') && before && strchr("eEpP", before));
         now = look(reader))
        before = take(reader);
}

/* Ends with its line, if nothing else ends it. */
static void read_quoted(struct tokens_reader *reader, int quote)
{
    while (look(reader) != NOTHING && look(reader) != '\n') {
        const int character = take(reader);
        if (character == quote)
            return;
        if (character == '\\' && look(reader) != '\n')
            take(reader);
    }
}

static void read_sign(struct tokens_reader *reader, int first)
{
    static const char *const longer[] = {"...", "<<=", ">>=", "->", "++", "--", "<<", ">>",
                                         "<=",  ">=",  "==",  "!=", "&&", "||", "*=", "/=",
                                         "%=",  "+=",  "-=",  "&=", "^=", "|=", "##"};
    size_t length = 1;
    reader->word[0] = (char)first;
    for (guint i = 0; i < G_N_ELEMENTS(longer); i++) {
        const size_t size = strlen(longer[i]);
        if (longer[i][0] != first || (size_t)(reader->end - reader->at) < size - 1 ||
            memcmp(reader->at, longer[i] + 1, size - 1) != 0)
            continue;
        memcpy(reader->word, longer[i], size);
        reader->at += size - 1;
        length = size;
        break;
    }
    reader->word[length] = '\0';
}

static enum word read_word(struct tokens_reader *reader, int first)
{
    reader->word[0] = '\0';
    if (is_letter(first)) {
        reader->word[0] = (char)first;
        read_name(reader, 1);
        return WORD_NAME;
    }
    if (is_digit(first) || (first == '.' && is_digit(look(reader)))) {
        read_number(reader);
        return WORD_NUMBER;
    }
    if (first == '"' || first == '\'') {
        read_quoted(reader, first);
        return first == '"' ? WORD_TEXT : WORD_CHARACTER;
    }
    read_sign(reader, first);
    return WORD_SIGN;
}

enum word tokens_next_word(struct tokens_reader *reader)
{
    for (;;) {
        const bool fresh = reader->fresh;
        look(reader);
        reader->word_line = reader->line;
        const int first = take(reader);
        if (first == NOTHING)
            return WORD_NONE;
        if (g_ascii_isspace((char)first) || first < ' ' ||
            (first == '/' && skipped_comment(reader)))
            continue;
        reader->fresh = false;
        if (first != '#' || !fresh)
            return read_word(reader, first);
        skip_directive(reader);
    }
}
