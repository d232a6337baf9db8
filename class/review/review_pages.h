/*
 * The pages of a review: HTML. All text that a student or a reviewer wrote is cleaned and escaped, Markdown as in reports.
 */
#ifndef CLASS_REVIEW_REVIEW_PAGES_H
#define CLASS_REVIEW_REVIEW_PAGES_H

#include "class/review/review_session.h"

/* base: what links begin with, "/SECRET/". */
void review_page_index(GString *html, const struct review_session *session, const char *base);
/* The answer at this place of a check's order, from 0. */
void review_page_answer(GString *html, const struct review_session *session,
                        const struct review_check *check, int place, const char *base);

#endif
