/* The chapter's pictures are those that are drawn now, and the chapter shows them all. */
#include "tests/support/chapter_pictures.h"
#include "tests/support/test.h"

#include <glib.h>

Suite *test_suite(void)
{
    static const char *const pictures[] = {"shares", "recomputation", "zero3"};
    return chapter_pictures_suite("memory", pictures, G_N_ELEMENTS(pictures));
}
