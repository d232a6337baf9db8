/*
 * The pictures of an assignment's chapter are those that are drawn now, and the chapter shows them all.
 */
#ifndef TESTS_SUPPORT_CHAPTER_PICTURES_H
#define TESTS_SUPPORT_CHAPTER_PICTURES_H

#include <check.h>

/* picture: names without folder and ending, `pictures` of them, all that assignments/NAME/tools/draw_pictures draws;
 * they and `assignment` stay the caller's for the suite's life. */
Suite *chapter_pictures_suite(const char *assignment, const char *const *picture, int pictures);

#endif
