/* From words to tokens: what may differ without making a difference; see tokens.h. */
#include "class/similarity/tokens.h"

#include "class/similarity/tokens_reader.h"

#include <string.h>

struct writer {
    unsigned folds;
    int file;
    GHashTable *names;
    GArray *tokens;
    bool behind_tag; /* the last word was struct, union or enum: its name is no token of its own */
    bool behind_member; /* the last word was a . or -> that was folded */
    uint64_t last;
};

static const char name_kind[] = "a name", number_kind[] = "a number", type_kind[] = "a type";

/* FNV-1a, 64 bits, and mixed: http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t kind_of(const char *word)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *word; word++)
        hash = (hash ^ (unsigned char)*word) * 0x100000001b3u;
    return hash ^ (hash >> 29);
}

static bool is_among(const char *word, const char *const *words)
{
    return g_strv_contains((const char *const *)words, word);
}

static void emit(struct writer *writer, const char *word, int line)
{
    const struct token token = {kind_of(word), line, writer->file};
    g_array_append_val(writer->tokens, token);
    writer->last = token.kind;
}

static void emit_type(struct writer *writer, int line)
{
    if (writer->last != kind_of(type_kind))
        emit(writer, type_kind, line);
}

static void write_name(struct writer *writer, const char *word, int line)
{
    static const char *const nothing[] = {"const",    "static",   "inline",
                                          "register", "volatile", "restrict",
                                          "extern",   "auto",     "_Thread_local",
                                          "__inline", "__const",  "__restrict",
                                          NULL},
                             *const types[] = {"void",     "char",      "short",    "int",
                                               "long",     "float",     "double",   "signed",
                                               "unsigned", "_Bool",     "bool",     "size_t",
                                               "ssize_t",  "int8_t",    "int16_t",  "int32_t",
                                               "int64_t",  "uint8_t",   "uint16_t", "uint32_t",
                                               "uint64_t", "ptrdiff_t", NULL},
                             *const tags[] = {"struct", "union", "enum", NULL},
                             *const loops[] = {"for", "while", "do", NULL},
                             *const values[] = {"NULL", "true", "false", NULL},
                             *const keywords[] = {"if",      "else", "return",  "break", "continue",
                                                  "switch",  "case", "default", "goto",  "sizeof",
                                                  "typedef", "for",  "while",   "do",    NULL};
    const bool tagged = writer->behind_tag, member = writer->behind_member;
    writer->behind_tag = writer->behind_member = false;
    if (tagged || member)
        return;
    if ((writer->folds & FOLD_TYPES) && is_among(word, nothing))
        return;
    if ((writer->folds & FOLD_TYPES) && (is_among(word, types) || is_among(word, tags))) {
        writer->behind_tag = is_among(word, tags);
        emit_type(writer, line);
    } else if ((writer->folds & FOLD_LOOPS) && is_among(word, loops)) {
        emit(writer, "for", line);
    } else if (is_among(word, values)) {
        emit(writer, number_kind, line);
    } else if (is_among(word, keywords) || is_among(word, types) || is_among(word, tags) ||
               is_among(word, nothing) ||
               ((writer->folds & KEEP_MPI) && g_str_has_prefix(word, "MPI_")) ||
               ((writer->folds & KEEP_KIT) && writer->names &&
                g_hash_table_contains(writer->names, word))) {
        emit(writer, word, line);
    } else {
        emit(writer, name_kind, line);
    }
}

static void write_sign(struct writer *writer, const char *word, int line)
{
    static const char *const smaller[] = {"<", "<=", ">", ">=", NULL},
                             *const equal[] = {"==", "!=", NULL},
                             *const steps[] = {"++", "--", "+=", "-=", NULL},
                             *const braces[] = {"{", "}", NULL};
    writer->behind_tag = writer->behind_member = false;
    if (strcmp(word, "->") == 0 || strcmp(word, ".") == 0) {
        writer->behind_member =
            (writer->folds & FOLD_MEMBERS) && writer->last == kind_of(name_kind);
        if (!writer->behind_member)
            emit(writer, ".", line);
        return;
    }
    if ((writer->folds & FOLD_BRACES) && is_among(word, braces))
        return;
    if (writer->folds & FOLD_OPERATORS)
        word = is_among(word, smaller) ? "<"
               : is_among(word, equal) ? "=="
               : is_among(word, steps) ? "++"
                                       : word;
    emit(writer, word, line);
}

void tokens_read(const char *text, gsize length, int file, unsigned folds, GHashTable *names,
                 GArray *tokens)
{
    struct tokens_reader reader = {.at = text, .end = text + length, .line = 1, .fresh = true};
    struct writer writer = {.folds = folds, .file = file, .names = names, .tokens = tokens};
    for (enum word word; (word = tokens_next_word(&reader)) != WORD_NONE;)
        switch (word) {
        case WORD_NAME:
            write_name(&writer, reader.word, reader.word_line);
            break;
        case WORD_SIGN:
            write_sign(&writer, reader.word, reader.word_line);
            break;
        default:
            emit(&writer, word == WORD_TEXT ? "a text" : number_kind, reader.word_line);
        }
}

void tokens_add_names(const char *header, gsize length, GHashTable *names)
{
    struct tokens_reader reader = {.at = header, .end = header + length, .line = 1, .fresh = true};
    char before[WORD_LONGEST] = "";
    for (enum word word; (word = tokens_next_word(&reader)) != WORD_NONE;) {
        if (word == WORD_SIGN && strcmp(reader.word, "(") == 0 && before[0])
            g_hash_table_add(names, g_strdup(before));
        g_strlcpy(before, word == WORD_NAME ? reader.word : "", sizeof before);
    }
}
