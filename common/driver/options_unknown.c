/* What argp itself did not understand: an option that there is, without its value, or one that there is not. */
#include "common/driver/options_parts.h"

#include <string.h>

enum { MOST_LETTERS = 32, MOST_DEPTH = 4 };

/* Of a search through all parsers: what is nearest to a word. */
struct search {
    char word[MOST_LETTERS + 1];
    const char *nearest;
    size_t distance;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters have to be put in, left out or changed. */
static size_t distance(const char *one, const char *other)
{
    const size_t length = strlen(one), other_length = strlen(other);
    size_t row[MOST_LETTERS + 1]; /* of the table, which is gone through one by one */
    if (length > MOST_LETTERS || other_length > MOST_LETTERS)
        return MOST_LETTERS;
    for (size_t j = 0; j <= other_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= length; i++) {
        size_t before = row[0];
        row[0] = i;
        for (size_t j = 1; j <= other_length; j++) {
            const size_t above = row[j];
            row[j] = least(before + (one[i - 1] != other[j - 1]), least(above, row[j - 1]) + 1);
            before = above;
        }
    }
    return row[other_length];
}

static void look_through(struct search *search, const struct argp *parser, int depth)
{
    const struct argp_option *option = parser->options;
    for (; option != NULL && (option->name || option->key || option->doc || option->group);
         option++) {
        const size_t away = option->name ? distance(search->word, option->name) : MOST_LETTERS;
        if (away < search->distance) {
            search->distance = away;
            search->nearest = option->name;
        }
    }
    const struct argp_child *child = parser->children;
    for (; child != NULL && child->argp != NULL && depth < MOST_DEPTH; child++)
        look_through(search, child->argp, depth + 1);
}

error_t options_refuse_unknown(struct parsing *parsing, const struct argp *parser, const char *word)
{
    struct search search = {.distance = MOST_LETTERS};
    const size_t dashes = strspn(word, "-"), length = strcspn(word + dashes, "=");
    memcpy(search.word, word + dashes, least(length, MOST_LETTERS));
    look_through(&search, parser, 0);
    if (search.distance == 0 && dashes == 2)
        return parsing_refuse(parsing, "%.60s: %s; --help lists them", word,
                              word[dashes + length] == '=' ? "this option has no value"
                                                           : "its value is missing");
    if (search.nearest != NULL && length > 1 && search.distance <= 1 + length / 5)
        return parsing_refuse(parsing, "%.60s: unknown option; did you mean --%s? --help lists all",
                              word, search.nearest);
    return parsing_refuse(parsing, "%.60s: unknown option; --help lists all", word);
}
