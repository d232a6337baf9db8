/* All that the pages and the table are made of. */
#ifndef CLASS_SIMILARITY_COMPARISON_H
#define CLASS_SIMILARITY_COMPARISON_H

#include "class/similarity/pairs.h"

struct comparison {
    const char *assignment;
    const char *title; /* of the course; may be empty */
    struct similarity_how how;
    GPtrArray *sources;      /* of struct source * */
    GPtrArray *pairs;        /* of struct pair * */
    guint shown;             /* pairs from the first on that have a page */
    guint of_class, earlier; /* sources */
    double half, most;   /* how alike half of all pairs of the class are at most, and 99 of 100 */
    bool second_opinion; /* sim_c is here */
};

/* sim_c of Debian's similarity-tester, where it is: fills second_opinion of the pairs with pages. False: it is not here. */
bool similarity_ask_second_opinion(GPtrArray *pairs, guint count);

/* Writes FOLDER/index.html, pairs.csv and pairs/ID-ID.html. */
bool similarity_write(const struct comparison *comparison, const char *folder, GString *error);

/* pages_pair.c: one pair side by side, and the name of its page. */
char *similarity_page_of(const struct comparison *comparison, const struct pair *pair);
char *similarity_page_name(const struct pair *pair);
/* The beginning and the end of a page. */
void similarity_page_begin(GString *html, const char *title);
void similarity_page_end(GString *html);

#endif
