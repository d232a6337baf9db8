/* The questions as a page and as Markdown. */
#ifndef CLASS_VIVA_SHEET_H
#define CLASS_VIVA_SHEET_H

#include "class/viva/question.h"

/* The sheet for the examiner, Markdown; a new string. */
char *viva_sheet(const struct student *student, const struct viva_run *run,
                 const GPtrArray *questions);
/* The same as a page, answers folded. A new string. */
char *viva_page(const struct student *student, const struct viva_run *run,
                const GPtrArray *questions);

#endif
