/*
 * The characters of a text file as tokens. A character is a code point of UTF-8
 * (RFC 3629); the vocabulary is the sorted set of those in the file, and a token
 * is a character's number in it. The first nine tenths of the characters are for
 * training and the rest for validation, as in nanoGPT's shakespeare_char. Sample
 * k of a part has the part's tokens k·T … k·T+T-1 as inputs and those one
 * further as labels, so no sample sees anything of the other part.
 */
#include "common/files/dataset_parts.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define OTHER_FILE   "set TEXT_FILE to a text file in UTF-8, or unset it to take the kit's own text"
#define MOST_BYTES   ((size_t)1 << 28)
#define MOST_TOKENS  65536
#define MOST_LETTERS 8192 /* different ones */
#define CODE_POINTS  0x110000
#define WORD_BITS    64

struct vocabulary {
    int count;
    uint64_t here[CODE_POINTS / WORD_BITS];   /* a bit per code point: it is in the file */
    uint16_t before[CODE_POINTS / WORD_BITS]; /* characters of lower words */
};

struct text_file {
    const char *path;
    struct mapped_file file;
    size_t characters;
    struct vocabulary *vocabulary;
};

bool dataset_text_parse(const char *text, struct text_options *options,
                        char error[DATASET_ERROR_SIZE])
{
    static const struct dataset_option known[] = {
        {"tokens", offsetof(struct text_options, tokens), 2, MOST_TOKENS}};
    *options = (struct text_options){.tokens = 64};
    return dataset_options_read("text", known, 1, text, options, error);
}

/* ---- characters -------------------------------------------------------------------------------- */

/* The code point that begins here, and its bytes; 0 bytes where there is no valid one. */
static inline int character_at(const uint8_t *byte, size_t left, uint32_t *character)
{
    const uint8_t first = byte[0];
    if (first < 0x80) {
        *character = first;
        return 1;
    }
    const int bytes = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (bytes == 0 || (size_t)bytes > left)
        return 0;
    uint32_t value = first & (0x7fU >> bytes);
    for (int i = 1; i < bytes; i++) {
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (byte[i] & 0x3f);
    }
    /* Longer than need be, half of a pair of UTF-16, or behind the last one. */
    const bool wrong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000) ||
                       (value >= 0xd800 && value <= 0xdfff) || value >= CODE_POINTS;
    if (!wrong)
        *character = value;
    return wrong ? 0 : bytes;
}

static void vocabulary_number(struct vocabulary *vocabulary)
{
    int before = 0;
    for (size_t word = 0; word < CODE_POINTS / WORD_BITS; word++) {
        vocabulary->before[word] = (uint16_t)before;
        before += __builtin_popcountll(vocabulary->here[word]);
    }
}

static inline uint16_t token_of(const struct vocabulary *vocabulary, uint32_t character)
{
    const uint32_t word = character / WORD_BITS;
    const uint64_t below = ((uint64_t)1 << character % WORD_BITS) - 1;
    return (uint16_t)(vocabulary->before[word] +
                      __builtin_popcountll(vocabulary->here[word] & below));
}

/* ---- the file ----------------------------------------------------------------------------------- */

static bool refuse_byte(const struct text_file *text, size_t at, char error[DATASET_ERROR_SIZE])
{
    const size_t left = text->file.size - at;
    char found[20] = "";
    for (size_t i = 0; i < 4 && i < left; i++)
        snprintf(found + strlen(found), sizeof found - strlen(found), " %02x",
                 text->file.byte[at + i]);
    return dataset_error(error,
                         "%s: byte %zu: found%s, expected a character in UTF-8%s; convert the "
                         "file, for example: iconv -f LATIN1 -t UTF-8",
                         text->path, at, found, left < 4 ? " (the file ends here)" : "");
}

/* Counts the characters and makes the vocabulary. */
static bool scan(struct text_file *text, char error[DATASET_ERROR_SIZE])
{
    struct vocabulary *vocabulary = text->vocabulary;
    const struct mapped_file *file = &text->file;
    for (size_t at = 0; at < file->size; text->characters++) {
        uint32_t character = 0;
        const int bytes = character_at(file->byte + at, file->size - at, &character);
        if (bytes == 0)
            return refuse_byte(text, at, error);
        uint64_t *word = &vocabulary->here[character / WORD_BITS];
        const uint64_t bit = (uint64_t)1 << character % WORD_BITS;
        if ((*word & bit) == 0 && vocabulary->count++ == MOST_LETTERS)
            return dataset_error(error,
                                 "%s: byte %zu: U+%04X is the character number %d that differs "
                                 "from all before, expected at most %d; choose a text in an "
                                 "alphabet",
                                 text->path, at, character, vocabulary->count, MOST_LETTERS);
        *word |= bit;
        at += (size_t)bytes;
    }
    if (vocabulary->count < 2)
        return dataset_error(error,
                             "%s: byte 0: found one character again and again, expected 2 "
                             "different ones at least; " OTHER_FILE,
                             text->path);
    vocabulary_number(vocabulary);
    return true;
}

static void text_close(struct text_file *text)
{
    file_unmap(&text->file);
    memory_release(MEMORY_WORKSPACE, text->vocabulary, sizeof *text->vocabulary);
    *text = (struct text_file){0};
}

/* Opens and scans. With false, nothing is open. */
static bool text_open(struct text_file *text, char error[DATASET_ERROR_SIZE])
{
    const char *chosen = dataset_place(dataset_text.variable);
    *text = (struct text_file){.path = chosen != NULL ? chosen : dataset_text.place[0]};
    if (!file_map(text->path, OTHER_FILE, &text->file, error))
        return false;
    if (text->file.size > MOST_BYTES) {
        dataset_error(error, "%s: found %zu bytes, expected at most %zu; cut a part out with head",
                      text->path, text->file.size, MOST_BYTES);
        file_unmap(&text->file);
        return false;
    }
    text->vocabulary = memory_allocate(MEMORY_WORKSPACE, sizeof *text->vocabulary);
    memset(text->vocabulary, 0, sizeof *text->vocabulary);
    if (scan(text, error))
        return true;
    text_close(text);
    return false;
}

int dataset_text_vocabulary(char error[DATASET_ERROR_SIZE])
{
    struct text_file text;
    if (!text_open(&text, error))
        return -1;
    const int count = text.vocabulary->count;
    text_close(&text);
    return count;
}

/* ---- the two parts ------------------------------------------------------------------------------ */

/* Characters of the file: those of a part are first … end-1. */
struct part {
    size_t first, end;
    int samples;
};

static bool part_of(const struct text_file *text, enum dataset_split split, int tokens,
                    struct part *part, char error[DATASET_ERROR_SIZE])
{
    const size_t cut = text->characters * 9 / 10;
    *part = (struct part){.first = 0, .end = cut};
    if (split == DATASET_TEST)
        *part = (struct part){.first = cut, .end = text->characters};
    const size_t characters = part->end - part->first;
    if (characters < (size_t)tokens + 1)
        return dataset_error(error,
                             "%s: %zu characters, of which %zu are for %s, too short for one "
                             "sample: expected at least %d there; choose a longer text, or shorter "
                             "samples: text:tokens=%d",
                             text->path, text->characters, characters,
                             split == DATASET_TRAIN ? "training" : "validation", tokens + 1, 2);
    part->samples = (int)((characters - 1) / (size_t)tokens);
    return true;
}

bool dataset_text_identify(const struct text_options *options, enum dataset_split split,
                           struct dataset_identity *identity, char error[DATASET_ERROR_SIZE])
{
    struct text_file text;
    struct part part;
    if (!text_open(&text, error))
        return false;
    const bool good = part_of(&text, split, options->tokens, &part, error);
    const uint64_t sum = crc32(0, text.file.byte, (uInt)text.file.size);
    if (good)
        *identity = (struct dataset_identity){.samples = part.samples,
                                              .fingerprint = (uint64_t)text.file.size << 32 | sum};
    text_close(&text);
    return good;
}

/* The tokens of a part, which begin `first` characters behind the file's beginning. */
static bool read_tokens(const struct text_file *text, size_t first, size_t count, uint16_t *token,
                        char error[DATASET_ERROR_SIZE])
{
    size_t at = 0;
    for (size_t i = 0; i < first + count; i++) {
        uint32_t character = 0;
        const size_t left = text->file.size - at;
        const int bytes = left == 0 ? 0 : character_at(text->file.byte + at, left, &character);
        if (bytes == 0)
            return dataset_error(error, "%s: byte %zu: it changed while it was read", text->path,
                                 at);
        at += (size_t)bytes;
        if (i >= first)
            token[i - first] = token_of(text->vocabulary, character);
    }
    return true;
}

bool dataset_text_open(const struct text_options *options, enum dataset_split split,
                       struct dataset *dataset, char error[DATASET_ERROR_SIZE])
{
    struct text_file text;
    struct part part;
    if (!text_open(&text, error))
        return false;
    bool good = part_of(&text, split, options->tokens, &part, error);
    if (good) {
        dataset->samples = part.samples;
        dataset->tokens = (size_t)part.samples * (size_t)options->tokens + 1;
        dataset->token = memory_allocate(MEMORY_WORKSPACE, dataset->tokens * sizeof(uint16_t));
        good = read_tokens(&text, part.first, dataset->tokens, dataset->token, error);
    }
    text_close(&text);
    return good;
}
