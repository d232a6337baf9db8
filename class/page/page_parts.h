/*
 * The parts of class.html. Each appends HTML; text that students influence goes through page_text, and is isolated from the
 * direction of what surrounds it (<bdi>).
 */
#ifndef CLASS_PAGE_PAGE_PARTS_H
#define CLASS_PAGE_PAGE_PARTS_H

#include "class/students/gathered.h"

/* Of one assignment. */
void page_distribution(GString *html, const struct gathered *gathered, guint assignment);
void page_checks(GString *html, const struct gathered *gathered, guint assignment);
void page_unexplained(GString *html, const struct gathered *gathered, guint assignment);
void page_evidence(GString *html, const struct gathered *gathered, guint assignment);
void page_not_judged(GString *html, const struct gathered *gathered, guint assignment);
void page_slowest(GString *html, const struct gathered *gathered, guint assignment);

/* Of all. */
void page_overview(GString *html, const struct gathered *gathered);
void page_handing_in(GString *html, const struct gathered *gathered);
void page_students(GString *html, const struct gathered *gathered);

/* ---- what they share ------------------------------------------------------------------------------------------ */

/* Cleaned, escaped text. */
void page_text(GString *html, const char *text);
/* "n students", "1 student": plain. */
void page_count(GString *html, guint count, const char *one, const char *many);

/* A student's name and ID, as a link to the report of an assignment where there is one (NULL: of none). */
void page_student(GString *html, const struct student *student, const struct graded *graded);
/* The same of many, the first few of them, and how many there are besides. */
void page_some_students(GString *html, const GPtrArray *grades /* of struct gathered_grade * */);

/* A table that can be sorted: the headings are NULL-terminated; one that begins with # is a column of numbers. */
void page_begin_table(GString *html, const char *caption, const char *const *headings);
void page_end_table(GString *html);
/* A cell of a number with so many decimals; it sorts by the number itself. */
void page_number(GString *html, double number, int decimals);

extern const char page_style[], page_script[];

#endif
